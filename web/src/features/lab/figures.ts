/** The figures of a lab run as a reader sees them, each with what changed since the run before. */
import type { Report } from '../../api/lab';
import { formatDuration } from '../../lib/time';

export interface Figure {
  name: string;
  value: string;
  /** What the figure means, in a sentence. */
  meaning: string;
  /** Against the run before; null where there was none, or nothing moved. */
  change: { words: string; better: boolean } | null;
}

interface Measure {
  name: string;
  meaning: string;
  of: (report: Report) => number;
  /** Whether less of it is better. */
  lower?: boolean;
  /** Of the cases in question there were none, so that the figure says nothing. */
  empty?: (report: Report) => boolean;
}

const MEASURES: Measure[] = [
  {
    name: 'F1 of firing',
    meaning: 'Precision and recall in one figure.',
    of: ({ firing }) => firing.f1,
  },
  {
    name: 'Precision',
    meaning: 'Of what fired, the share that was to fire.',
    of: ({ firing }) => firing.precision,
  },
  {
    name: 'Recall',
    meaning: 'Of what was to fire, the share that fired.',
    of: ({ firing }) => firing.recall,
  },
  {
    name: 'Exactly right',
    meaning: 'Cases in which just the expected actions fired.',
    of: ({ firing }) => firing.exact_set,
  },
  {
    name: 'Arguments right',
    meaning: 'Of the expected values, the share given right.',
    of: (report) => report.arguments.exact,
    empty: (report) => report.arguments.expected === 0,
  },
  {
    name: 'False fires',
    meaning: 'Of the cases in which nothing may fire, the share in which something did.',
    of: ({ false_fire_rate }) => false_fire_rate,
    lower: true,
  },
];

export function figuresOf(report: Report, before: Report | null): Figure[] {
  const shares = MEASURES.map(({ name, meaning, of, lower = false, empty }) => {
    const nothing = empty?.(report) === true;
    return {
      name,
      meaning,
      value: nothing ? '–' : percent(of(report)),
      change: before === null || nothing ? null : changeOf(of(report) - of(before), lower),
    };
  });
  return [
    ...shares,
    {
      name: 'Half planned within',
      meaning: `99 of 100 within ${formatDuration(report.latency_ms.p99)}.`,
      value: formatDuration(report.latency_ms.p50),
      // Two runs on one machine are no measurement.
      change: null,
    },
  ];
}

/** `87.5%`, without a needless zero; what is not whole is never told as whole. */
export function percent(share: number): string {
  const tenths = Math.round(share * 1000) / 10;
  if (tenths === 100 && share < 1) return '99.9%';
  if (tenths === 0 && share > 0) return '0.1%';
  return `${tenths}%`;
}

function changeOf(difference: number, lower: boolean): Figure['change'] {
  const points = Math.round(difference * 1000) / 10;
  if (points === 0) return null;
  const sign = points > 0 ? '+' : '−';
  return { words: `${sign}${Math.abs(points)}`, better: points > 0 !== lower };
}
