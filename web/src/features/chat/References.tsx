import { isFinal, type ExecutionView } from './turnView';
import { statusTextTone, statusWords } from '../../components/StatusIcon';
import { readableName } from '../../lib/names';
import { formatDuration } from '../../lib/time';

/** The actions that an answer rests on, each a way to its record above. */
export function References({ runs }: { runs: ExecutionView[] }) {
  const done = runs.filter((run) => isFinal(run.status));
  if (done.length === 0) return null;
  return (
    <nav aria-label="References" className="flex flex-wrap items-center gap-x-1.5 gap-y-1 text-[0.8125rem]">
      <span className="mr-1 text-ink-faint">Based on</span>
      {done.map((run) => (
        <button
          key={run.id}
          type="button"
          onClick={() => show(run.id)}
          className="inline-flex min-h-6 items-center gap-1.5 rounded-full border border-line px-2.5 py-0.5 text-ink-soft hover:bg-hover hover:text-ink"
        >
          {readableName(run.action)}
          {run.status !== 'succeeded' && (
            <span className={statusTextTone(run.status)}>{statusWords(run.status).toLowerCase()}</span>
          )}
          {run.durationMs !== null && (
            <span className="text-ink-faint tabular-nums">{formatDuration(run.durationMs)}</span>
          )}
        </button>
      ))}
    </nav>
  );
}

/** Brings the record into sight, opened, with the focus on it. */
function show(id: string): void {
  const trigger = document.getElementById(`run-${id}`)?.querySelector('button');
  if (trigger == null) return;
  if (trigger.getAttribute('aria-expanded') !== 'true') trigger.click();
  trigger.focus({ preventScroll: true });
  trigger.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
}
