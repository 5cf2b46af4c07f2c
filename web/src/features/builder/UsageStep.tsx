import { useQuery } from '@tanstack/react-query';

import { Hints } from './Hints';
import { wrongWith } from './check';
import type { Builder } from './useBuilder';
import { actionsQuery } from '../../api/queries';
import { AreaField, CheckField, InputField } from '../../components/Field';

const DEFAULT_TIMEOUT_S = 30;

/** How the answer presents the result, how long it may take, and what it runs with. */
export function UsageStep({ builder }: { builder: Builder }) {
  const { draft, problems, advice, change } = builder;
  return (
    <div className="grid max-w-3xl grid-cols-[minmax(0,1fr)] gap-6">
      <AreaField
        label="Usage instructions"
        rows={5}
        value={draft.usage ?? ''}
        onChange={(event) => change({ usage: event.target.value })}
        error={wrongWith(problems, 'usage')}
        placeholder="State the refund's status first, then the expected date, then the next step."
        hint={
          <>
            How the answer should present the result, for the language model that words it.
            <Hints advice={advice} field="usage" />
          </>
        }
      />
      <AreaField
        label="Answer template"
        rows={5}
        value={draft.answer ?? ''}
        onChange={(event) => change({ answer: event.target.value === '' ? null : event.target.value })}
        error={wrongWith(problems, 'answer')}
        spellCheck={false}
        className="font-mono text-sm!"
        placeholder={'Order **{{ arguments.order_id }}** is {{ result.status }}.'}
        hint={
          <>
            The words when no language model writes the answer; empty shows the result as it is.
            <Hints advice={advice} field="answer" />
          </>
        }
      />
      <TimeoutField builder={builder} />
      <RunsWith builder={builder} />
    </div>
  );
}

function TimeoutField({ builder: { draft, problems, advice, change } }: { builder: Builder }) {
  return (
    <InputField
      label="Timeout in seconds"
      type="number"
      min="0.1"
      step="any"
      className="max-w-40"
      value={draft.timeout_ms == null ? '' : String(draft.timeout_ms / 1000)}
      placeholder={String(DEFAULT_TIMEOUT_S)}
      error={wrongWith(problems, 'timeout_ms')}
      hint={
        <>
          A run that takes longer is ended. Empty: the operator’s default.
          <Hints advice={advice} field="timeout_ms" />
        </>
      }
      onChange={(event) => {
        const seconds = event.target.valueAsNumber;
        const none = event.target.value === '' || !Number.isFinite(seconds);
        change({ timeout_ms: none ? null : Math.round(seconds * 1000) });
      }}
    />
  );
}

function RunsWith({ builder: { guru, draft, problems, change } }: { builder: Builder }) {
  const actions = useQuery(actionsQuery(guru)).data?.items ?? [];
  const chosen = draft.runs_with ?? [];
  const others = actions.map(({ name }) => name).filter((name) => name !== draft.name);
  if (others.length === 0) return null;
  return (
    <fieldset>
      <legend className="text-sm font-medium">Runs with</legend>
      <p className="mb-2 text-[0.8125rem] text-ink-soft">
        It then fires in the same turn as any of these, side by side, and never on its own.
      </p>
      <div className="grid gap-x-6 sm:grid-cols-2">
        {others.map((name) => (
          <CheckField
            key={name}
            label={<span className="font-mono text-[0.8125rem]">{name}</span>}
            checked={chosen.includes(name)}
            onChange={(event) =>
              change({
                runs_with: event.target.checked ? [...chosen, name] : chosen.filter((one) => one !== name),
              })
            }
          />
        ))}
      </div>
      {wrongWith(problems, 'runs_with', true) !== null && (
        <p className="mt-1 text-[0.8125rem] text-bad">{wrongWith(problems, 'runs_with', true)}</p>
      )}
    </fieldset>
  );
}
