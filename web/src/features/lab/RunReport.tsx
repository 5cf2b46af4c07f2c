import { figuresOf } from './figures';
import type { CaseOutcome, Report } from '../../api/lab';
import type { LabFailure, LabRun } from '../../api/types';
import { Badge } from '../../components/Badge';
import { Decision } from '../../components/Decision';
import { Disclosure } from '../../components/Disclosure';
import { Section } from '../../components/Section';
import { SecretText } from '../../components/SecretText';
import { When } from '../../components/When';
import { classes } from '../../lib/classes';
import { count } from '../../lib/time';

interface FiguresProps {
  report: Report;
  before: Report | null;
  /** When it was run, of a run of an earlier visit. */
  at: string | undefined;
}

/** The figures of a run, and what was taken for what. */
export function Figures({ report, before, at }: FiguresProps) {
  return (
    <Section
      title="Figures"
      aside={
        <span className="text-[0.8125rem] text-ink-soft">
          {count(report.cases, 'case')}
          {at !== undefined && (
            <>
              , run <When at={at} />
            </>
          )}
        </span>
      }
    >
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4 xl:grid-cols-7" data-cases={report.cases}>
        {figuresOf(report, before).map(({ name, value, meaning, change }) => (
          <div
            key={name}
            title={meaning}
            className="flex flex-col-reverse justify-end rounded-xl border border-line bg-surface px-4 py-3"
          >
            <dt className="text-[0.8125rem] text-ink-soft">{name}</dt>
            <dd className="flex flex-wrap items-baseline gap-x-2 text-xl font-semibold tabular-nums">
              {value}
              {change !== null && (
                <span
                  className={classes('text-[0.8125rem] font-medium', change.better ? 'text-ok' : 'text-bad')}
                >
                  {change.words}
                  <span className="sr-only"> points since the run before</span>
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
      {report.confusions.length > 0 && <Confusions report={report} />}
    </Section>
  );
}

function Confusions({ report: { confusions } }: { report: Report }) {
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-surface">
      <table className="w-full text-left text-sm tabular-nums">
        <thead className="text-[0.8125rem] text-ink-soft">
          <tr className="border-b border-line">
            <th scope="col" className="px-4 py-2.5 font-medium">
              Was to fire
            </th>
            <th scope="col" className="px-4 py-2.5 font-medium">
              Fired in its place
            </th>
            <th scope="col" className="px-4 py-2.5 text-right font-medium">
              Cases
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {confusions.map(({ expected, fired, count: times }) => (
            <tr key={`${expected ?? ''} ${fired ?? ''}`}>
              <td className="px-4 py-2.5">
                <ActionOrNothing name={expected} />
              </td>
              <td className="px-4 py-2.5">
                <ActionOrNothing name={fired} />
              </td>
              <td className="px-4 py-2.5 text-right">{times}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ActionOrNothing({ name }: { name: string | null }) {
  if (name === null) return <span className="text-ink-soft">nothing</span>;
  return <span className="font-mono text-[0.8125rem] wrap-anywhere">{name}</span>;
}

/** The cases that came out otherwise than expected, each with what the planner weighed. */
export function Failures({ run: { failures } }: { run: LabRun }) {
  if (failures.length === 0) {
    return (
      <p role="status" className="rounded-xl bg-ok-soft px-4 py-3 text-sm text-ok">
        Every case came out as expected.
      </p>
    );
  }
  return (
    <Section
      title={count(failures.length, 'case came out wrong', 'cases came out wrong')}
      lead="Better the trigger, its examples or a parameter's description; or the case, where the planner is right."
    >
      <ul className="grid gap-3">
        {failures.map((failure) => (
          <FailureCard key={failure.at} failure={failure} />
        ))}
      </ul>
    </Section>
  );
}

function FailureCard({ failure: { question, outcome, plan } }: { failure: LabFailure }) {
  return (
    <li data-failure className="grid gap-2 rounded-xl border border-line bg-surface p-4">
      <p className="font-medium wrap-anywhere">
        <SecretText text={question} />
      </p>
      <ul className="grid gap-1 text-sm">
        {verdictsOf(outcome).map(({ words, what, tone }) => (
          <li key={words + what} className="flex flex-wrap items-baseline gap-x-2">
            <Badge tone={tone}>{words}</Badge>
            <span className="font-mono text-[0.8125rem] wrap-anywhere">
              <SecretText text={what} />
            </span>
          </li>
        ))}
      </ul>
      <Disclosure summary="What the planner weighed">
        <Decision plan={plan} />
      </Disclosure>
    </li>
  );
}

interface Verdict {
  words: string;
  what: string;
  tone: 'bad' | 'warn' | 'ok';
}

function verdictsOf(outcome: CaseOutcome): Verdict[] {
  const each = (list: string[], words: string, tone: Verdict['tone']) =>
    list.map((what): Verdict => ({ words, what, tone }));
  return [
    ...each(outcome.missed, 'did not fire', 'bad'),
    ...each(outcome.wrong, 'fired wrongly', 'bad'),
    ...each(outcome.arguments_wrong, 'wrong value', 'warn'),
    ...each(outcome.arguments_missed, 'left empty', 'warn'),
    ...each(outcome.arguments_invented, 'was to stay empty', 'warn'),
    ...each(outcome.right, 'rightly fired', 'ok'),
  ];
}
