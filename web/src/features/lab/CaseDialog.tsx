import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState, type SyntheticEvent } from 'react';

import { ExpectedFields } from './ExpectedFields';
import { bodyOf, draftOf, EMPTY_CASE, withParameters, type CaseDraft } from './caseDraft';
import { messageOf } from '../../api/error';
import { addCases, changeCase } from '../../api/lab';
import { actionsQuery } from '../../api/queries';
import type { Action, LabCase } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Disclosure } from '../../components/Disclosure';
import { AreaField, CheckField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';

interface CaseDialogProps {
  guru: string;
  suite: string;
  edited: LabCase | 'new' | null;
  onClose: () => void;
}

export function CaseDialog({ edited, onClose, ...place }: CaseDialogProps) {
  return (
    <Dialog
      open={edited !== null}
      onOpenChange={(open) => !open && onClose()}
      title={edited === 'new' ? 'Add a case' : 'Edit the case'}
      wide
    >
      {edited !== null && <CaseForm {...place} edited={edited} onClose={onClose} />}
    </Dialog>
  );
}

function CaseForm({ guru, suite, edited, onClose }: CaseDialogProps & { edited: LabCase | 'new' }) {
  const [draft, setDraft] = useState(() => (edited === 'new' ? EMPTY_CASE : draftOf(edited.case)));
  const actions = useQuery(actionsQuery(guru)).data?.items ?? [];
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      edited === 'new' ? addCases(guru, suite, [bodyOf(draft)]) : changeCase(guru, edited.id, bodyOf(draft)),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['lab', guru] });
      onClose();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  const change = (part: Partial<CaseDraft>) => setDraft({ ...draft, ...part });
  return (
    <form onSubmit={submit} className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <AreaField
        label="Question"
        rows={2}
        value={draft.question}
        onChange={(event) => change({ question: event.target.value })}
        placeholder="Where is my refund for order 12345?"
        required
      />
      <fieldset className="grid gap-3">
        <legend className="mb-1.5 text-sm font-medium">What is to fire</legend>
        {draft.expected.length === 0 && (
          <p className="text-sm text-ink-soft">Nothing may fire on this question.</p>
        )}
        {draft.expected.map((expected, index) => (
          <ExpectedFields
            key={index}
            number={index + 1}
            expected={withParameters(expected, parametersOf(actions, expected.action))}
            actions={actions.map(({ name }) => name)}
            onChange={(next) =>
              change({ expected: draft.expected.map((old, at) => (at === index ? next : old)) })
            }
            onRemove={() => change({ expected: draft.expected.filter((_, at) => at !== index) })}
          />
        ))}
        <Button
          className="justify-self-start"
          onClick={() => change({ expected: [...draft.expected, { action: '', parameters: [] }] })}
        >
          <Plus aria-hidden className="size-4" />
          {draft.expected.length === 0 ? 'Name an action' : 'Name another action'}
        </Button>
      </fieldset>
      <Disclosure summary="What was said before, and what may fire too">
        <div className="grid gap-5">
          <BeforeFields before={draft.before} onBefore={(before) => change({ before })} />
          <AlsoFields
            names={actions.map(({ name }) => name)}
            draft={draft}
            onAlso={(also) => change({ also })}
          />
        </div>
      </Disclosure>
      {save.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(save.error)} />
        </p>
      )}
      <div className="flex justify-end">
        <Button type="submit" look="primary" busy={save.isPending}>
          {edited === 'new' ? 'Add it' : 'Save it'}
        </Button>
      </div>
    </form>
  );
}

function parametersOf(actions: Action[], name: string): string[] {
  const found = actions.find((action) => action.name === name);
  return (found?.definition.parameters ?? []).map((parameter) => parameter.name);
}

interface BeforeFieldsProps {
  before: string[];
  onBefore: (before: string[]) => void;
}

/** The conversation so far: asker and assistant in turn, the last one the assistant's. */
function BeforeFields({ before, onBefore }: BeforeFieldsProps) {
  return (
    <fieldset className="grid gap-3">
      <legend className="mb-1.5 text-sm font-medium">Said before</legend>
      {before.map((text, index) => (
        <AreaField
          key={index}
          label={index % 2 === 0 ? 'The asker said' : 'The assistant answered'}
          rows={2}
          value={text}
          onChange={(event) => onBefore(before.map((old, at) => (at === index ? event.target.value : old)))}
        />
      ))}
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => onBefore([...before, '', ''])}>Add an exchange</Button>
        {before.length > 0 && (
          <Button look="quiet" onClick={() => onBefore(before.slice(0, -2))}>
            Remove the last one
          </Button>
        )}
      </div>
    </fieldset>
  );
}

interface AlsoFieldsProps {
  names: string[];
  draft: CaseDraft;
  onAlso: (also: string[]) => void;
}

function AlsoFields({ names, draft, onAlso }: AlsoFieldsProps) {
  const expected = draft.expected.map(({ action }) => action);
  const offered = names.filter((name) => !expected.includes(name));
  return (
    <fieldset>
      <legend className="text-sm font-medium">May fire too, and need not</legend>
      <div className="mt-1 grid gap-x-6 sm:grid-cols-2">
        {offered.map((name) => (
          <CheckField
            key={name}
            label={<span className="font-mono text-[0.8125rem] wrap-anywhere">{name}</span>}
            checked={draft.also.includes(name)}
            onChange={(event) =>
              onAlso(event.target.checked ? [...draft.also, name] : draft.also.filter((one) => one !== name))
            }
          />
        ))}
      </div>
    </fieldset>
  );
}
