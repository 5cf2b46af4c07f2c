import { useQuery } from '@tanstack/react-query';
import { Check, CircleHelp, CircleSlash } from 'lucide-react';
import { useState } from 'react';

import { toPlan, UNNAMED } from './draft';
import type { Builder } from './useBuilder';
import { planDraft } from '../../api/actions';
import { ApiError, messageOf } from '../../api/error';
import type { Plan } from '../../api/types';
import { AreaField } from '../../components/Field';
import { MessageText, SecretText } from '../../components/SecretText';
import { useSettled } from '../../lib/debounce';
import { readableName } from '../../lib/names';

const TYPING_MS = 350;
const OTHERS_SHOWN = 3;

/** A question, and at once whether the action would fire if it were saved and enabled as it stands. */
export function WouldFire({ builder }: { builder: Builder }) {
  const { draft, guru, saved } = builder;
  const examples = (draft.examples ?? []).filter((line) => line.trim() !== '');
  const [question, setQuestion] = useState('');
  const asked = useSettled(question.trim(), TYPING_MS);
  const text = useSettled(JSON.stringify(toPlan(draft)), TYPING_MS);
  const plan = useQuery({
    queryKey: ['would-fire', guru, text, asked],
    queryFn: ({ signal }) =>
      planDraft({ guru, file: toPlan(draft), replaces: saved?.name ?? null, question: asked, signal }),
    enabled: asked !== '',
    placeholderData: (before) => before,
    retry: false,
    gcTime: 60_000,
  });
  return (
    <section
      aria-label="Would it fire?"
      className="grid grid-cols-[minmax(0,1fr)] content-start gap-4 rounded-2xl border border-line bg-surface p-5"
    >
      <h2 className="font-semibold">Would it fire?</h2>
      <AreaField
        label="A question"
        hideLabel
        rows={2}
        value={question}
        placeholder="Type a question as a user would"
        onChange={(event) => setQuestion(event.target.value)}
      />
      {question === '' && examples.length > 0 && (
        <ul className="grid gap-1">
          {examples.slice(0, OTHERS_SHOWN).map((example) => (
            <li key={example}>
              <button
                type="button"
                onClick={() => setQuestion(example)}
                className="w-full rounded-lg px-2 py-1.5 text-left text-sm text-ink-soft hover:bg-hover hover:text-ink"
              >
                {example}
              </button>
            </li>
          ))}
        </ul>
      )}
      <div role="status" className="grid gap-3">
        {asked !== '' && plan.isError && <NoVerdict error={plan.error} />}
        {asked !== '' && !plan.isError && plan.data !== undefined && (
          <Verdict plan={plan.data} name={draft.name.trim() || UNNAMED} />
        )}
      </div>
    </section>
  );
}

function NoVerdict({ error }: { error: unknown }) {
  const broken = error instanceof ApiError && error.problems.length > 0;
  return (
    <p className="text-sm text-ink-soft wrap-anywhere">
      {broken ? 'This is answered once the definition has no problems: ' : ''}
      <MessageText text={messageOf(error)} />
    </p>
  );
}

function Verdict({ plan, name }: { plan: Plan; name: string }) {
  const step = plan.steps.find(({ action }) => action === name);
  const missing = plan.missing.find(({ action }) => action === name);
  const own = plan.considered.find(({ action }) => action === name);
  const others = plan.considered.filter(({ action, fires }) => fires && action !== name);
  const given = Object.entries(step?.arguments ?? missing?.arguments ?? {});
  return (
    <>
      <p
        className="flex items-center gap-2 font-medium"
        data-verdict={step ? 'yes' : missing ? 'asks' : 'no'}
      >
        {step !== undefined ? (
          <>
            <Check aria-hidden className="size-5 text-ok" /> Yes, it fires
          </>
        ) : missing !== undefined ? (
          <>
            <CircleHelp aria-hidden className="size-5 text-warn" /> Yes, and it asks for{' '}
            {missing.parameters.join(', ')}
          </>
        ) : (
          <>
            <CircleSlash aria-hidden className="size-5 text-ink-faint" /> No, it does not fire
          </>
        )}
        {own !== undefined && (
          <span className="ml-auto text-sm font-normal text-ink-soft tabular-nums">
            {Math.round(own.score * 100)}%
          </span>
        )}
      </p>
      {given.length > 0 && (
        <dl className="grid grid-cols-[max-content_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">
          {given.map(([parameter, value]) => (
            <div key={parameter} className="contents">
              <dt className="font-mono text-[0.8125rem] leading-6 text-ink-soft">{parameter}</dt>
              <dd className="wrap-anywhere">
                <SecretText text={String(value)} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {own !== undefined && own.evidence.length > 0 && (
        <p className="text-[0.8125rem] text-ink-soft wrap-anywhere">
          <MessageText text={own.evidence.join(' ')} />
        </p>
      )}
      {others.length > 0 && (
        <p className="text-sm text-warn">
          {others.map(({ action }) => readableName(action)).join(', ')} would fire too.
        </p>
      )}
    </>
  );
}
