import { useMutation } from '@tanstack/react-query';
import { ArrowRight } from 'lucide-react';

import { toPlan } from './draft';
import type { Builder } from './useBuilder';
import type { ActionFile } from '../../api/actionFile';
import { replayDraft } from '../../api/actions';
import { ApiError, messageOf } from '../../api/error';
import type { Replay as Found } from '../../api/types';
import { Button } from '../../components/Button';
import { MessageText, SecretText } from '../../components/SecretText';
import { When } from '../../components/When';
import { count } from '../../lib/time';

/**
 * Before an action is saved, new or edited: which of the questions asked lately would go otherwise with it. Nothing runs.
 */
export function Replay({ builder }: { builder: Builder }) {
  const { guru, saved, draft } = builder;
  const file = toPlan(draft);
  const look = useMutation({ mutationFn: replayDraft });
  const edit = { guru, file, replaces: saved?.name ?? null };
  const idle = saved === null ? file.trigger.trim() === '' : asSaved(file, saved.definition);
  // What was found belongs to the words that it was asked for, and to no later ones.
  const found = JSON.stringify(look.variables) === JSON.stringify(edit) ? look : null;
  return (
    <section
      aria-label="What would change"
      className="grid grid-cols-[minmax(0,1fr)] gap-3 rounded-2xl border border-line bg-surface p-5"
    >
      <h2 className="font-semibold">What would change?</h2>
      <p className="text-sm text-ink-soft">
        {idle
          ? 'Write the trigger, and try it here on what was asked lately before you save.'
          : 'Plans the questions asked lately without this and with it, as if it were on. Nothing runs.'}
      </p>
      <Button
        className="justify-self-start"
        busy={look.isPending}
        disabled={idle}
        onClick={() => look.mutate(edit)}
      >
        Replay the history
      </Button>
      <div role="status" className="grid gap-3 empty:hidden">
        {found?.isError === true && <NotReplayed error={found.error} />}
        {found?.data !== undefined && <Changes found={found.data} />}
      </div>
    </section>
  );
}

/** Whether nothing that planners read is another than it was. */
function asSaved(file: ActionFile, saved: ActionFile): boolean {
  const read = ({ trigger, examples = [], parameters = [] }: ActionFile) =>
    JSON.stringify([trigger, examples, parameters]);
  return read(file) === read(saved);
}

function NotReplayed({ error }: { error: unknown }) {
  const broken = error instanceof ApiError && error.problems.length > 0;
  return (
    <p className="text-sm text-bad wrap-anywhere">
      {broken ? 'This is answered once the definition has no problems: ' : ''}
      <MessageText text={messageOf(error)} />
    </p>
  );
}

function Changes({ found: { turns, changes } }: { found: Found }) {
  if (turns === 0) return <p className="text-sm text-ink-soft">Nothing was asked yet.</p>;
  return (
    <>
      <p className="text-sm font-medium" data-changes={changes.length}>
        {changes.length === 0
          ? `All ${count(turns, 'logged turn')} would go as before.`
          : `${changes.length} of ${count(turns, 'logged turn')} would change.`}
      </p>
      <ul className="grid gap-3 text-sm">
        {changes.map(({ turn_id, question, asked_at, before, after }) => (
          <li key={turn_id} className="grid gap-1 border-l-2 border-line-strong pl-3">
            <p className="wrap-anywhere">
              <SecretText text={question} />{' '}
              <span className="text-[0.8125rem] text-ink-soft">
                <When at={asked_at} />
              </span>
            </p>
            <p className="flex flex-wrap items-center gap-x-2 font-mono text-[0.8125rem] text-ink-soft wrap-anywhere">
              <Fires calls={before} />
              <ArrowRight role="img" aria-label="becomes" className="size-3.5 shrink-0" />
              <span className="text-ink">
                <Fires calls={after} />
              </span>
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

function Fires({ calls }: { calls: string[] }) {
  if (calls.length === 0) return <span className="font-sans">nothing</span>;
  return <SecretText text={calls.join(', ')} />;
}
