import type { Sums } from '../../api/types';
import { count } from '../../lib/time';

const HEIGHT = 120;
const BAR = 10;
const GAP = 3;

/** A bar for each day, its failures at its foot. */
export function DayChart({ days }: { days: Sums[] }) {
  const most = Math.max(1, ...days.map(({ runs }) => runs));
  const width = days.length * (BAR + GAP);
  const total = days.reduce((sum, { runs }) => sum + runs, 0);
  return (
    <figure>
      <svg
        role="img"
        aria-label={`${count(total, 'run')} in ${count(days.length, 'day')}, at most ${most} a day`}
        viewBox={`0 0 ${width} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-40 w-full rounded-xl border border-line bg-surface p-3"
      >
        {days.map(({ key, runs, failures }, index) => {
          const height = (runs / most) * HEIGHT;
          const failed = (failures / most) * HEIGHT;
          return (
            <g key={key}>
              <title>{`${key}: ${count(runs, 'run')}, ${failures} failed`}</title>
              <rect x={index * (BAR + GAP)} width={BAR} y={0} height={HEIGHT} fill="transparent" />
              <rect
                x={index * (BAR + GAP)}
                width={BAR}
                y={HEIGHT - height}
                height={height}
                className="fill-accent"
              />
              <rect
                x={index * (BAR + GAP)}
                width={BAR}
                y={HEIGHT - failed}
                height={failed}
                className="fill-bad"
              />
            </g>
          );
        })}
      </svg>
      <figcaption className="mt-1 flex justify-between text-[0.8125rem] text-ink-soft tabular-nums">
        <span>{days[0]?.key}</span>
        <span>{days.at(-1)?.key}</span>
      </figcaption>
    </figure>
  );
}
