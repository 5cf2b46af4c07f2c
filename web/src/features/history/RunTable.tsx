import { Link } from '@tanstack/react-router';

import { sourceWords } from './words';
import type { Execution } from '../../api/types';
import { AddToLab } from '../../components/AddToLab';
import { SecretText } from '../../components/SecretText';
import { StatusIcon, statusTextTone, statusWords } from '../../components/StatusIcon';
import { When } from '../../components/When';
import { classes } from '../../lib/classes';
import { formatDuration } from '../../lib/time';

export function RunTable({ guru, runs }: { guru: string; runs: Execution[] }) {
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-surface">
      <table className="w-full text-left text-sm">
        <thead className="text-[0.8125rem] text-ink-soft">
          <tr className="border-b border-line">
            <th scope="col" className="py-2.5 pl-4 font-medium">
              Run
            </th>
            <th scope="col" className="px-3 py-2.5 font-medium max-sm:hidden">
              Question and arguments
            </th>
            <th scope="col" className="px-3 py-2.5 font-medium max-md:hidden">
              Source
            </th>
            <th scope="col" className="px-3 py-2.5 text-right font-medium">
              Took
            </th>
            <th scope="col" className="py-2.5 pr-4 text-right font-medium">
              When
            </th>
            <th scope="col" className="max-sm:hidden">
              <span className="sr-only">What to do with it</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {runs.map((run) => (
            <RunRow key={run.id} guru={guru} run={run} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RunRow({ guru, run }: { guru: string; run: Execution }) {
  const given = Object.entries(run.arguments);
  return (
    <tr data-run={run.id} data-status={run.status} className="transition-colors hover:bg-hover/40">
      <td className="min-w-52 py-3 pl-4 align-top max-sm:min-w-36">
        <Link
          to="/g/$guru/history/$id"
          params={{ guru, id: run.id }}
          className="flex items-start gap-2.5 font-medium wrap-anywhere hover:underline hover:underline-offset-3"
        >
          <StatusIcon status={run.status} />
          <span className="pt-0.5">
            {run.action}
            <span
              className={classes(
                'block text-[0.8125rem] font-normal',
                run.status === 'succeeded' ? 'sr-only' : statusTextTone(run.status),
              )}
            >
              {statusWords(run.status)}
            </span>
          </span>
        </Link>
      </td>
      <td className="max-w-md px-3 py-3.5 align-top max-sm:hidden">
        {run.question !== '' && (
          <p className="line-clamp-1">
            <SecretText text={run.question} />
          </p>
        )}
        {given.length > 0 && (
          <p className="line-clamp-1 font-mono text-[0.8125rem] text-ink-soft">
            <SecretText text={given.map(([name, value]) => `${name}=${String(value)}`).join('  ')} />
          </p>
        )}
      </td>
      <td className="px-3 py-3.5 align-top whitespace-nowrap text-ink-soft max-md:hidden">
        {sourceWords(run.source)}
      </td>
      <td className="px-3 py-3.5 text-right align-top whitespace-nowrap text-ink-soft tabular-nums">
        {run.duration_ms == null ? '–' : formatDuration(run.duration_ms)}
      </td>
      <td className="py-3.5 pr-4 text-right align-top text-ink-soft">
        <When at={run.created_at} />
      </td>
      <td className="py-2 pr-3 text-right align-top max-sm:hidden">
        {run.turn_id != null && <AddToLab guru={guru} turn={run.turn_id} question={run.question} small />}
      </td>
    </tr>
  );
}
