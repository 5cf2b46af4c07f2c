import type { ReactNode } from 'react';

import type { Considered, Plan } from '../../api/types';
import { Disclosure } from '../../components/Disclosure';
import { MessageText } from '../../components/SecretText';
import { classes } from '../../lib/classes';
import { readableName, readableWord } from '../../lib/names';
import { count } from '../../lib/time';

/** What scored lower was never close; with many actions that is most of them. */
const NEAR_SCORE_MIN = 0.1;
/** The runners-up that stand in the open, however far behind. */
const NEAR_COUNT_MIN = 3;

interface WhyPanelProps {
  plan: Plan;
  /** Stands at the end of its line. */
  aside: ReactNode;
}

/** How it was decided what to do: each action that was weighed, what spoke for it, and who decided. */
export function WhyPanel({ plan, aside }: WhyPanelProps) {
  const near = plan.considered.filter(
    ({ fires, score }, index) => fires || score >= NEAR_SCORE_MIN || index < NEAR_COUNT_MIN,
  );
  const far = plan.considered.filter((considered) => !near.includes(considered));
  return (
    <Disclosure summary="Why" aside={aside}>
      <div className="grid gap-4 rounded-xl border border-line bg-surface p-4">
        {plan.notices.map((notice) => (
          <p key={notice} className="text-sm text-warn">
            {notice}
          </p>
        ))}
        {plan.considered.length === 0 ? (
          <p className="text-sm text-ink-soft">This guru has no enabled action to weigh.</p>
        ) : (
          <ConsideredList considered={near} label="Actions considered" />
        )}
        {far.length > 0 && (
          <Disclosure summary={`${count(far.length, 'more action')}, far behind`}>
            <ConsideredList considered={far} label="Actions far behind" />
          </Disclosure>
        )}
        {plan.considered_left_out > 0 && (
          <p className="text-[0.8125rem] text-ink-soft">
            {count(plan.considered_left_out, 'more action')} scored lower and{' '}
            {plan.considered_left_out === 1 ? 'is' : 'are'} not listed.
          </p>
        )}
        <TrailList plan={plan} />
        <ModelCalls plan={plan} />
        <p className="text-[0.8125rem] text-ink-soft">
          Decided by the planner <span className="font-mono">{plan.planner}</span>. Scores compare within this
          question only.
        </p>
      </div>
    </Disclosure>
  );
}

/** Which words of the conversation each argument was taken from. */
function TrailList({ plan }: { plan: Plan }) {
  if (plan.trail.length === 0) return null;
  return (
    <ul className="grid gap-1 text-[0.8125rem] text-ink-soft" aria-label="Where the arguments came from">
      {plan.trail.map((trail) => (
        <li key={`${trail.action}.${trail.parameter}`} className="wrap-anywhere">
          <span className="text-ink">{readableName(trail.action)}</span>: {readableWord(trail.parameter)} from{' '}
          <q>
            <MessageText text={trail.words} />
          </q>{' '}
          in {placeOf(trail)}
        </li>
      ))}
    </ul>
  );
}

function placeOf({ turns_ago, in_answer }: Plan['trail'][number]): string {
  if (turns_ago === 0) return 'the question';
  const text = in_answer ? 'answer' : 'question';
  return turns_ago === 1 ? `the ${text} before` : `the ${text} ${String(turns_ago)} turns before`;
}

/** What the language model was asked for, what it took, and why it failed where it did. */
function ModelCalls({ plan }: { plan: Plan }) {
  if (plan.model_calls.length === 0) return null;
  return (
    <ul className="grid gap-1 text-[0.8125rem] text-ink-soft" aria-label="Questions to the language model">
      {plan.model_calls.map((call, index) => (
        <li key={index} className="wrap-anywhere">
          <span className="font-mono">{call.model}</span> to {call.purpose}: {call.input_tokens} +{' '}
          {call.output_tokens} tokens, {Math.round(call.duration_ms)} ms
          {call.cost !== null && call.cost !== undefined && `, cost ${call.cost.toFixed(6)}`}
          {call.tries > 1 && `, ${String(call.tries)} tries`}
          {call.error !== null && call.error !== undefined && (
            <span className="block text-warn">
              <MessageText text={call.error} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function ConsideredList({ considered, label }: { considered: Considered[]; label: string }) {
  return (
    <ul className="grid gap-3.5" aria-label={label}>
      {considered.map((one) => (
        <ConsideredRow key={one.action} considered={one} />
      ))}
    </ul>
  );
}

function ConsideredRow({ considered }: { considered: Considered }) {
  const percent = Math.round(considered.score * 100);
  const words = considered.fires ? 'fires' : 'does not fire';
  return (
    <li className="grid gap-1">
      <div className="grid grid-cols-[minmax(0,1fr)_6rem_2.5rem] items-center gap-3 text-sm">
        <span
          className={classes('truncate', considered.fires ? 'font-medium' : 'text-ink-soft')}
          title={considered.action}
        >
          {readableName(considered.action)} <span className="sr-only">{words}</span>
        </span>
        <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden className="h-1.5 w-full rounded-full">
          <rect width="100" height="6" className="fill-hover" />
          <rect
            width={percent}
            height="6"
            className={considered.fires ? 'fill-accent' : 'fill-line-strong'}
          />
        </svg>
        <span className="text-right text-[0.8125rem] text-ink-soft tabular-nums">{percent}%</span>
      </div>
      {considered.evidence.length > 0 && (
        <p className="text-[0.8125rem] text-ink-soft wrap-anywhere">
          <MessageText text={considered.evidence.join(' ')} />
        </p>
      )}
    </li>
  );
}
