import { percent } from './figures';
import type { PastLabRun } from '../../api/types';
import { Disclosure } from '../../components/Disclosure';
import { When } from '../../components/When';
import { count, formatDuration } from '../../lib/time';

const HEADS = ['Cases', 'F1', 'Exactly right', 'Arguments', 'False fires', 'Half within'];

/** The figures of earlier runs, newest first. */
export function PastRuns({ runs }: { runs: PastLabRun[] }) {
  if (runs.length === 0) return null;
  return (
    <Disclosure summary={count(runs.length, 'run')}>
      <div className="overflow-x-auto rounded-xl border border-line bg-surface">
        <table className="w-full text-left text-sm tabular-nums">
          <thead className="text-[0.8125rem] text-ink-soft">
            <tr className="border-b border-line">
              <th scope="col" className="px-4 py-2.5 font-medium">
                Run
              </th>
              <th scope="col" className="px-4 py-2.5 font-medium max-sm:hidden">
                Planner
              </th>
              {HEADS.map((head) => (
                <th key={head} scope="col" className="px-4 py-2.5 text-right font-medium whitespace-nowrap">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {runs.map(({ id, created_at, planner, report }) => (
              <tr key={id}>
                <td className="px-4 py-2.5">
                  <When at={created_at} />
                </td>
                <td className="px-4 py-2.5 font-mono text-[0.8125rem] wrap-anywhere max-sm:hidden">
                  {planner}
                </td>
                {[
                  String(report.cases),
                  percent(report.firing.f1),
                  percent(report.firing.exact_set),
                  report.arguments.expected === 0 ? '–' : percent(report.arguments.exact),
                  percent(report.false_fire_rate),
                  formatDuration(report.latency_ms.p50),
                ].map((value, index) => (
                  <td key={HEADS[index]} className="px-4 py-2.5 text-right whitespace-nowrap">
                    {value}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Disclosure>
  );
}
