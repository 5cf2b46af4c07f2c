import { ExamplesField } from './ExamplesField';
import { Hints } from './Hints';
import { ImportHelp } from './ImportHelp';
import { Replay } from './Replay';
import { emptyRun, type StartKind } from './draft';
import { wrongWith } from './check';
import type { Builder } from './useBuilder';
import { WouldFire } from './WouldFire';
import { AreaField, InputField } from '../../components/Field';
import { classes } from '../../lib/classes';

const KINDS: { kind: StartKind; title: string; words: string }[] = [
  { kind: 'api_call', title: 'API call', words: 'One HTTP request, with values put in their places.' },
  { kind: 'python', title: 'Python', words: 'A script in a fresh sandbox; what it prints is the result.' },
];

/** Name, trigger, type and example questions, beside what a question would fire. */
export function BasicsStep({ builder, onTest }: { builder: Builder; onTest: () => void }) {
  const { draft, problems, advice, change, saved } = builder;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <div className="grid content-start gap-6">
        {saved === null && <ImportHelp builder={builder} onTest={onTest} />}
        <InputField
          label="Name"
          value={draft.name}
          onChange={(event) => change({ name: event.target.value })}
          error={wrongWith(problems, 'name')}
          hint="Letters, digits, - and _, such as refund_lookup."
          className="font-mono"
          autoComplete="off"
          spellCheck={false}
        />
        {saved === null && <KindChoice builder={builder} />}
        <AreaField
          label="Trigger"
          value={draft.trigger}
          onChange={(event) => change({ trigger: event.target.value })}
          error={wrongWith(problems, 'trigger')}
          placeholder="When the user asks about the status of a refund of an order"
          hint={
            <>
              When it runs, in your own words.
              <Hints advice={advice} field="trigger" />
            </>
          }
        />
        <ExamplesField builder={builder} />
      </div>
      <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-6 self-start lg:sticky lg:top-0">
        <WouldFire builder={builder} />
        <Replay builder={builder} />
      </div>
    </div>
  );
}

function KindChoice({ builder: { draft, change } }: { builder: Builder }) {
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">Type</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        {KINDS.map(({ kind, title, words }) => {
          const chosen = draft.run.type === kind;
          return (
            <label
              key={kind}
              htmlFor={`kind-${kind}`}
              className={classes(
                'flex cursor-pointer gap-3 rounded-xl border p-4 transition-colors',
                chosen ? 'border-accent bg-accent-soft' : 'border-line bg-surface hover:bg-hover',
              )}
            >
              <input
                id={`kind-${kind}`}
                aria-label={`${title}: ${words}`}
                type="radio"
                name="kind"
                checked={chosen}
                onChange={() => change({ run: emptyRun(kind) })}
                className="mt-1 accent-accent"
              />
              <span>
                <span className="block text-sm font-medium">{title}</span>
                <span className="block text-[0.8125rem] text-ink-soft">{words}</span>
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
