import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { FileUp, History, Plus, Search } from 'lucide-react';
import { useMemo, useState } from 'react';

import { ActionTable } from './ActionTable';
import { BulkBar } from './BulkBar';
import { ImportDialog } from './ImportDialog';
import { actionsQuery } from '../../api/queries';
import type { Action, Actions, Guru } from '../../api/types';
import { Button } from '../../components/Button';
import { FIELD } from '../../components/fieldStyles';
import { LINK_BUTTON, LINK_BUTTON_PRIMARY } from '../../components/linkStyles';
import { LoadError, LoadingRows, Nothing } from '../../components/Loading';
import { Page } from '../../components/Page';
import { classes } from '../../lib/classes';

/** Fewer are seen at a glance. */
const SEARCH_FROM = 6;

/** The guru's actions, and all that can be done with them. */
export function ActionsPage({ guru }: { guru: Guru }) {
  const list = useQuery(actionsQuery(guru.slug));
  const [importing, setImporting] = useState(false);
  return (
    <Page
      title="Actions"
      wide
      lead={list.data === undefined ? 'What this guru can look up and do.' : <Used list={list.data} />}
      actions={
        <>
          <Link to="/g/$guru/history" params={{ guru: guru.slug }} className={LINK_BUTTON}>
            <History aria-hidden className="size-4" />
            History
          </Link>
          <Button onClick={() => setImporting(true)}>
            <FileUp aria-hidden className="size-4" />
            Import
          </Button>
          <Link
            to="/g/$guru/action/{-$name}"
            params={{ guru: guru.slug, name: undefined }}
            className={LINK_BUTTON_PRIMARY}
          >
            <Plus aria-hidden className="size-4" />
            Create action
          </Link>
        </>
      }
    >
      {list.isPending && <LoadingRows what="actions" />}
      {list.isError && list.data === undefined && (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.data !== undefined && <Found guru={guru.slug} actions={list.data.items} />}
      <ImportDialog guru={guru.slug} open={importing} onOpenChange={setImporting} />
    </Page>
  );
}

function Used({ list: { used, limit } }: { list: Actions }) {
  return (
    <>
      {used} of {limit} actions used.
      {used >= limit && ' Delete one to make room, or raise the limit in the settings.'}
    </>
  );
}

function Found({ guru, actions }: { guru: string; actions: Action[] }) {
  const [words, setWords] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const shown = useMemo(() => actions.filter((action) => matches(action, words)), [actions, words]);
  if (actions.length === 0) return <NoActions guru={guru} />;
  const picked = shown.filter(({ name }) => chosen.has(name));
  return (
    <div className="grid gap-3">
      {actions.length >= SEARCH_FROM && (
        <div className="relative max-w-sm">
          <Search aria-hidden className="absolute top-3 left-3 size-4 text-ink-faint" />
          <input
            type="search"
            aria-label="Search actions"
            placeholder="Search by name, trigger or host"
            value={words}
            onChange={(event) => setWords(event.target.value)}
            className={classes(FIELD, 'h-10 pl-9')}
          />
        </div>
      )}
      <BulkBar guru={guru} picked={picked} onDone={() => setChosen(new Set())} />
      {shown.length === 0 ? (
        <Nothing title={`No action matches “${words}”`}>
          <Button onClick={() => setWords('')}>Show all</Button>
        </Nothing>
      ) : (
        <ActionTable guru={guru} actions={shown} chosen={chosen} onChosen={setChosen} />
      )}
    </div>
  );
}

function matches(action: Action, words: string): boolean {
  const { name, trigger, run } = action.definition;
  const text = [name, trigger, run.type === 'api_call' ? run.url : ''].join(' ').toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function NoActions({ guru }: { guru: string }) {
  return (
    <Nothing title="No action yet">
      <p>
        An action is one thing that this guru can look up or do. Create one, import a file, or start from a
        template that works.
      </p>
      <p className="mt-4 flex justify-center gap-2">
        <Link to="/g/$guru/templates" params={{ guru }} className={LINK_BUTTON}>
          See the templates
        </Link>
        <Link
          to="/g/$guru/action/{-$name}"
          params={{ guru, name: undefined }}
          className={LINK_BUTTON_PRIMARY}
        >
          Create action
        </Link>
      </p>
    </Nothing>
  );
}
