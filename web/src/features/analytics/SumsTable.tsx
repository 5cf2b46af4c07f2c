import { Link } from '@tanstack/react-router';

import { tableAddress, type Period } from '../../api/analytics';
import type { Sums } from '../../api/types';
import { TEXT_LINK } from '../../components/linkStyles';
import { Section } from '../../components/Section';
import { formatDuration } from '../../lib/time';

interface SumsTableProps {
  guru: string;
  by: 'action' | 'source';
  title: string;
  rows: Sums[];
  period: Period;
}

/** Sums by one thing, each line leading to its runs. */
export function SumsTable({ guru, by, title, rows, period }: SumsTableProps) {
  const ms = (value: number | null | undefined) => (value == null ? '–' : formatDuration(value));
  return (
    <Section
      title={title}
      aside={
        <a href={tableAddress(guru, by, period)} download={`${by}.csv`} className={`text-sm ${TEXT_LINK}`}>
          CSV<span className="sr-only"> of “{title}”</span>
        </a>
      }
    >
      {rows.length === 0 && <p className="text-sm text-ink-soft">Nothing ran in this range.</p>}
      {rows.length > 0 && (
        <div className="overflow-x-auto rounded-xl border border-line bg-surface">
          <table className="w-full text-left text-sm tabular-nums">
            <thead className="text-[0.8125rem] text-ink-soft">
              <tr className="border-b border-line">
                <th scope="col" className="px-4 py-2.5 font-medium">
                  {by === 'action' ? 'Action' : 'Source'}
                </th>
                {['Runs', 'Failed', 'p50', 'p95'].map((name) => (
                  <th key={name} scope="col" className="px-4 py-2.5 text-right font-medium">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {rows.map((row) => (
                <tr key={row.key}>
                  <td className="px-4 py-2.5">
                    <Link
                      to="/g/$guru/history"
                      params={{ guru }}
                      search={{ [by]: row.key, ...period }}
                      className="font-medium wrap-anywhere hover:underline"
                    >
                      {row.key}
                    </Link>
                  </td>
                  <td className="px-4 py-2.5 text-right">{row.runs.toLocaleString()}</td>
                  <td className="px-4 py-2.5 text-right">{row.failures.toLocaleString()}</td>
                  <td className="px-4 py-2.5 text-right">{ms(row.p50_ms)}</td>
                  <td className="px-4 py-2.5 text-right">{ms(row.p95_ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}
