import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { DayChart } from './DayChart';
import { ModelUseByGuru } from './ModelUseByGuru';
import { ModelUseTable } from './ModelUseTable';
import { SumsTable } from './SumsTable';
import { Unmatched } from './Unmatched';
import { VotedDown } from './VotedDown';
import { getAnalytics, type Period } from '../../api/analytics';
import type { Analytics, Me } from '../../api/types';
import { SelectField } from '../../components/Field';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Page } from '../../components/Page';
import { Section } from '../../components/Section';
import { formatDuration } from '../../lib/time';

const DAY_MS = 86_400_000;
const RANGES = [7, 30, 90];

interface AnalyticsPageProps {
  guru: string;
  me: Me;
  days: number;
  onDays: (days: number) => void;
}

/** How the guru is used. Tests by builders don't count. */
export function AnalyticsPage({ guru, me, days, onDays }: AnalyticsPageProps) {
  // The range stands still while the page is read.
  const [now] = useState(() => Date.now());
  const period: Period = {
    from: new Date(now - days * DAY_MS).toISOString(),
    to: new Date(now).toISOString(),
  };
  const sums = useQuery({
    queryKey: ['analytics', guru, period],
    queryFn: () => getAnalytics(guru, period),
    placeholderData: (before) => before,
  });
  return (
    <Page
      title="Analytics"
      wide
      lead="What was asked, what ran, and how it went. Tests don't count."
      actions={
        <SelectField
          label="Range"
          hideLabel
          value={String(days)}
          onChange={(event) => onDays(Number(event.target.value))}
          choices={RANGES.map((range) => ({ value: String(range), label: `The last ${range} days` }))}
        />
      }
    >
      {sums.isPending && <LoadingRows what="the analytics" />}
      {sums.isError && sums.data === undefined && (
        <LoadError error={sums.error} onRetry={() => void sums.refetch()} />
      )}
      {sums.data !== undefined && <Sums guru={guru} sums={sums.data} period={period} />}
      {sums.data !== undefined && me.may_manage_installation && (
        <ModelUseByGuru days={days} period={period} />
      )}
    </Page>
  );
}

function Sums({ guru, sums, period }: { guru: string; sums: Analytics; period: Period }) {
  return (
    <>
      <Totals sums={sums} />
      <Section title="Runs by day" lead={`Days in ${sums.time_zone}; failures stand at the foot.`}>
        <DayChart days={sums.by_day} />
      </Section>
      <SumsTable guru={guru} by="action" title="By action" rows={sums.by_action} period={period} />
      <SumsTable guru={guru} by="source" title="By source" rows={sums.by_source} period={period} />
      <ModelUseTable guru={guru} models={sums.models} period={period} />
      <VotedDown guru={guru} />
      <Unmatched guru={guru} period={period} />
    </>
  );
}

function Totals({ sums: { totals, questions } }: { sums: Analytics }) {
  const share = (part: number, whole: number) => (whole === 0 ? '–' : `${Math.round((part / whole) * 100)}%`);
  const ms = (value: number | null | undefined) => (value == null ? '–' : formatDuration(value));
  const figures = [
    { name: 'Questions', value: questions.asked.toLocaleString() },
    { name: 'No action matched', value: share(questions.unmatched, questions.asked) },
    {
      name: 'Asked for more',
      value: questions.missing_rate == null ? '–' : `${Math.round(questions.missing_rate * 100)}%`,
    },
    { name: 'Voted up', value: questions.voted_up.toLocaleString() },
    { name: 'Voted down', value: questions.voted_down.toLocaleString() },
    { name: 'Runs', value: totals.runs.toLocaleString() },
    { name: 'Failed', value: share(totals.failures, totals.runs) },
    { name: 'Half took at most', value: ms(totals.p50_ms) },
    { name: '95% took at most', value: ms(totals.p95_ms) },
  ];
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-9">
      {figures.map(({ name, value }) => (
        <div
          key={name}
          className="flex flex-col-reverse justify-end rounded-xl border border-line bg-surface px-4 py-3"
        >
          <dt className="text-[0.8125rem] text-ink-soft">{name}</dt>
          <dd className="text-xl font-semibold tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
