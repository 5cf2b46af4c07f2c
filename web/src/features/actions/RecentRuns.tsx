import type { Execution, ExecutionStatus } from '../../api/types';
import { count } from '../../lib/time';

const SHOWN = 16;
const WIDTH = 5;
const HEIGHT = 20;
/** Also the shortest run is seen. */
const SHORTEST = 4;

/** The latest runs, oldest first: as tall as they were long (by magnitude), in the colour of how they ended. */
export function RecentRuns({ runs }: { runs: Execution[] }) {
  const shown = runs.slice(0, SHOWN).reverse();
  if (shown.length === 0) return <span className="text-ink-faint">–</span>;
  const failed = shown.filter(({ status }) => tone(status) !== 'fill-ok').length;
  return (
    <svg
      role="img"
      aria-label={`The last ${count(shown.length, 'run')}, ${failed} of them not succeeded`}
      viewBox={`0 0 ${SHOWN * WIDTH} ${HEIGHT}`}
      className="h-5 w-20"
    >
      {shown.map((run, index) => {
        const height = heightOf(run.duration_ms ?? 0);
        const x = (SHOWN - shown.length + index) * WIDTH;
        return (
          <rect
            key={run.id}
            x={x}
            y={HEIGHT - height}
            width={WIDTH - 1.5}
            height={height}
            rx="1"
            className={tone(run.status)}
          />
        );
      })}
    </svg>
  );
}

/** 1 ms is low, a minute is full. */
function heightOf(ms: number): number {
  const magnitude = Math.log10(Math.max(1, ms)) / Math.log10(60_000);
  return Math.min(HEIGHT, SHORTEST + magnitude * (HEIGHT - SHORTEST));
}

function tone(status: ExecutionStatus): string {
  if (status === 'succeeded') return 'fill-ok';
  return status === 'failed' || status === 'refused' ? 'fill-bad' : 'fill-line-strong';
}
