import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { messageOf } from '../../api/error';
import { findOverlaps } from '../../api/lab';
import type { Overlap } from '../../api/types';
import { Badge } from '../../components/Badge';
import { Button } from '../../components/Button';
import { TEXT_LINK } from '../../components/linkStyles';
import { Notice } from '../../components/Notice';
import { Section } from '../../components/Section';
import { MessageText, SecretText } from '../../components/SecretText';
import { count } from '../../lib/time';

/** Pairs of actions that fire on each other's questions. Looking takes a while with many actions, so it is asked for. */
export function Overlaps({ guru }: { guru: string }) {
  const look = useMutation({ mutationFn: () => findOverlaps(guru) });
  return (
    <Section
      title="Overlaps"
      lead="Each action's trigger and examples are asked of all actions: which pairs fire on each other's questions, and because of which words."
      aside={
        <Button busy={look.isPending} onClick={() => look.mutate()}>
          {look.data === undefined ? 'Look for overlaps' : 'Look again'}
        </Button>
      }
    >
      {look.isError && (
        <Notice tone="bad">
          <MessageText text={messageOf(look.error)} />
        </Notice>
      )}
      <div role="status" className="empty:hidden">
        {look.data?.length === 0 && (
          <p className="text-sm text-ink-soft">No two actions fire on each other's questions.</p>
        )}
        {look.data !== undefined && look.data.length > 0 && (
          <ul className="grid gap-3">
            {look.data.map((overlap) => (
              <OverlapCard key={`${overlap.first} ${overlap.second}`} guru={guru} overlap={overlap} />
            ))}
          </ul>
        )}
      </div>
    </Section>
  );
}

function OverlapCard({ guru, overlap }: { guru: string; overlap: Overlap }) {
  const { first, second, together, instead, questions, words, suggestion } = overlap;
  const action = (name: string) => (
    <Link to="/g/$guru/action/{-$name}" params={{ guru, name }} className={TEXT_LINK}>
      {name}
    </Link>
  );
  return (
    <li
      data-overlap={`${first} ${second}`}
      className="grid gap-3 rounded-xl border border-line bg-surface p-4"
    >
      <p className="flex flex-wrap items-baseline gap-x-2 gap-y-1 font-medium wrap-anywhere">
        {action(first)} and {action(second)}
        {together > 0 && <Badge tone="warn">both fire on {count(together, 'question')}</Badge>}
        {instead > 0 && <Badge tone="bad">the wrong one on {instead}</Badge>}
      </p>
      {words.length > 0 && (
        <p className="flex flex-wrap items-center gap-1.5 text-sm text-ink-soft">
          Because of
          {words.map((word) => (
            <mark
              key={word}
              className="rounded-md bg-warn-soft px-1.5 py-px font-mono text-[0.8125rem] text-warn"
            >
              {word}
            </mark>
          ))}
        </p>
      )}
      <p className="text-sm wrap-anywhere">
        <MessageText text={suggestion} />
      </p>
      <ul className="grid gap-1 border-l-2 border-line pl-3 text-[0.8125rem] text-ink-soft">
        {questions.map((question) => (
          <li key={question} className="wrap-anywhere">
            <SecretText text={question} />
          </li>
        ))}
      </ul>
    </li>
  );
}
