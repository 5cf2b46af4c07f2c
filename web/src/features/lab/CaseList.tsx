import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { CaseDialog } from './CaseDialog';
import { CaseFileButton } from './CaseFileButton';
import { messageOf } from '../../api/error';
import { casesQuery, deleteCase } from '../../api/lab';
import type { LabCase } from '../../api/types';
import { Button, IconButton } from '../../components/Button';
import { LoadError, LoadingRows, Nothing } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { Section } from '../../components/Section';
import { MessageText, SecretText } from '../../components/SecretText';
import { count } from '../../lib/time';

const SHOWN_AT_FIRST = 50;

/** The labelled questions of a suite. */
export function CaseList({ guru, suite }: { guru: string; suite: string }) {
  const list = useQuery(casesQuery(guru, suite));
  const [all, setAll] = useState(false);
  const [edited, setEdited] = useState<LabCase | 'new' | null>(null);
  const queries = useQueryClient();
  const drop = useMutation({
    mutationFn: (id: string) => deleteCase(guru, id),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['lab', guru] }),
  });
  const cases = list.data ?? [];
  const shown = all ? cases : cases.slice(0, SHOWN_AT_FIRST);
  return (
    <Section
      title={list.data === undefined ? 'Cases' : count(cases.length, 'case')}
      aside={
        <span className="flex flex-wrap gap-2">
          <CaseFileButton guru={guru} suite={suite} />
          <Button onClick={() => setEdited('new')}>
            <Plus aria-hidden className="size-4" />
            Add a case
          </Button>
        </span>
      }
    >
      {list.isPending && <LoadingRows what="cases" rows={4} />}
      {list.isError && list.data === undefined && (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      )}
      {drop.isError && (
        <Notice tone="bad">
          <MessageText text={messageOf(drop.error)} />
        </Notice>
      )}
      {list.data?.length === 0 && (
        <Nothing title="No case yet">
          Write a question with what it is to fire, bring a case file, or add questions from the history.
        </Nothing>
      )}
      {shown.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
          {shown.map((one) => (
            <CaseRow
              key={one.id}
              one={one}
              onEdit={() => setEdited(one)}
              onDelete={() => drop.mutate(one.id)}
            />
          ))}
        </ul>
      )}
      {cases.length > shown.length && (
        <Button className="justify-self-center" onClick={() => setAll(true)}>
          Show all {count(cases.length, 'case')}
        </Button>
      )}
      <CaseDialog guru={guru} suite={suite} edited={edited} onClose={() => setEdited(null)} />
    </Section>
  );
}

interface CaseRowProps {
  one: LabCase;
  onEdit: () => void;
  onDelete: () => void;
}

function CaseRow({ one, onEdit, onDelete }: CaseRowProps) {
  const { question, before = [], expected } = one.case;
  const actions = Object.entries(expected);
  return (
    <li data-case={question} className="flex items-start gap-2 px-4 py-3">
      <div className="min-w-0 flex-1 text-sm">
        {before.length > 0 && (
          <p className="line-clamp-1 text-[0.8125rem] text-ink-faint">after {count(before.length, 'text')}</p>
        )}
        <p className="wrap-anywhere">
          <SecretText text={question} />
        </p>
        <p className="mt-0.5 flex flex-wrap gap-x-3 font-mono text-[0.8125rem] text-ink-soft">
          {actions.length === 0 && <span className="font-sans">nothing may fire</span>}
          {actions.map(([action, parameters]) => (
            <span key={action} className="wrap-anywhere">
              <SecretText text={callWords(action, parameters)} />
            </span>
          ))}
        </p>
      </div>
      <IconButton label={`Edit the case “${question}”`} onClick={onEdit}>
        <Pencil className="size-4" />
      </IconButton>
      <IconButton label={`Delete the case “${question}”`} onClick={onDelete}>
        <Trash2 className="size-4" />
      </IconButton>
    </li>
  );
}

/** `refund_lookup(order_id=12345)`, with a question mark for what is to be asked for. */
function callWords(action: string, parameters: Record<string, string[] | null>): string {
  const given = Object.entries(parameters).map(([name, values]) =>
    values === null ? `${name}?` : `${name}=${values.join(' or ')}`,
  );
  return `${action}(${given.join(', ')})`;
}
