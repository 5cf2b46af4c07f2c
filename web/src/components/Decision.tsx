import type { Considered, Plan } from '../api/types';
import { classes } from '../lib/classes';
import { readableName, readableWord } from '../lib/names';
import { argumentsOf } from '../lib/plan';
import { count, formatDuration } from '../lib/time';
import { Disclosure } from './Disclosure';
import { MessageText, SecretText } from './SecretText';

/** What scored lower was never close; with many actions that is most of them. */
const NEAR_SCORE_MIN = 0.1;
/** The runners-up that stand in the open, however far behind. */
const NEAR_COUNT_MIN = 3;

/** How it was decided what to do: each action that was weighed, what spoke for it, its arguments, and who decided. */
export function Decision({ plan }: { plan: Plan }) {
  const near = plan.considered.filter(
    ({ fires, score }, index) => fires || score >= NEAR_SCORE_MIN || index < NEAR_COUNT_MIN,
  );
  const far = plan.considered.filter((considered) => !near.includes(considered));
  return (
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
      <WhereFrom plan={plan} />
      <ModelCalls plan={plan} />
      <p className="text-[0.8125rem] text-ink-soft">
        Decided by the planner <span className="font-mono">{plan.planner}</span>. Scores compare within this
        question only.
      </p>
    </div>
  );
}

/** Each argument with the words it was taken from, and what was missing. */
function WhereFrom({ plan }: { plan: Plan }) {
  const names = [...plan.steps, ...plan.missing].map(({ action }) => action);
  const given = names.flatMap((action) => argumentsOf(plan, action).map((came) => ({ action, ...came })));
  if (given.length === 0 && plan.missing.length === 0) return null;
  return (
    <ul className="grid gap-1 text-[0.8125rem] text-ink-soft" aria-label="Where the arguments came from">
      {given.map(({ action, parameter, value, words, place }) => (
        <li key={`${action}.${parameter}`} className="wrap-anywhere">
          <span className="text-ink">{readableName(action)}</span>: {readableWord(parameter)}{' '}
          {words === null ? (
            <>
              is <SecretText text={String(value)} />
            </>
          ) : (
            <>
              from{' '}
              <q>
                <MessageText text={words} />
              </q>
            </>
          )}
          {place !== null && `${words === null ? ', by' : ' in'} ${place}`}
        </li>
      ))}
      {plan.missing.map(({ action, parameters }) => (
        <li key={action} className="text-warn wrap-anywhere">
          {readableName(action)} lacks {parameters.map(readableWord).join(', ')}
        </li>
      ))}
    </ul>
  );
}

/** What the language model was asked for, what it took, and why it failed where it did. */
function ModelCalls({ plan }: { plan: Plan }) {
  if (plan.model_calls.length === 0) return null;
  return (
    <ul className="grid gap-1 text-[0.8125rem] text-ink-soft" aria-label="Questions to the language model">
      {plan.model_calls.map((call, index) => (
        <li key={index} className="wrap-anywhere">
          <span className="font-mono">{call.model}</span> to {call.purpose}: {call.input_tokens} +{' '}
          {call.output_tokens} tokens, {formatDuration(call.duration_ms)}
          {call.cost != null && `, cost ${call.cost.toFixed(6)}`}
          {call.tries > 1 && `, ${String(call.tries)} tries`}
          {call.error != null && (
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
