import { useMutation } from '@tanstack/react-query';
import { ArrowRight } from 'lucide-react';

import { toSend } from './draft';
import type { Builder } from './useBuilder';
import { messageOf } from '../../api/error';
import { replayEdit } from '../../api/lab';
import type { Replay as Found } from '../../api/types';
import { Button } from '../../components/Button';
import { MessageText, SecretText } from '../../components/SecretText';
import { When } from '../../components/When';
import { count } from '../../lib/time';

/** Before an edited trigger is saved: which of the questions asked lately would go otherwise. Nothing runs. */
export function Replay({ builder }: { builder: Builder }) {
  const { guru, saved, draft } = builder;
  const { trigger, examples = [] } = toSend(draft);
  const look = useMutation({ mutationFn: replayEdit });
  if (saved === null) return null;
  const edit = { guru, action: saved.name, trigger, examples };
  const { definition } = saved;
  const same = trigger === definition.trigger && sameLines(examples, definition.examples ?? []);
  // What was found belongs to the words that it was asked for, and to no later ones.
  const found = JSON.stringify(look.variables) === JSON.stringify(edit) ? look : null;
  return (
    <section
      aria-label="What would change"
      className="grid gap-3 rounded-2xl border border-line bg-surface p-5"
    >
      <h2 className="font-semibold">What would change?</h2>
      <p className="text-sm text-ink-soft">
        {same
          ? 'Change the trigger or its examples, and try them here on what was asked lately before you save.'
          : 'Plans the questions asked lately as they are and as they would be. Nothing runs.'}
      </p>
      <Button
        className="justify-self-start"
        busy={look.isPending}
        disabled={same}
        onClick={() => look.mutate(edit)}
      >
        Replay the history
      </Button>
      <div role="status" className="grid gap-3 empty:hidden">
        {found?.isError === true && (
          <p className="text-sm text-bad">
            <MessageText text={messageOf(found.error)} />
          </p>
        )}
        {found?.data !== undefined && <Changes found={found.data} />}
      </div>
    </section>
  );
}

function sameLines(one: string[], other: string[]): boolean {
  return one.length === other.length && one.every((line, index) => line === other[index]);
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
