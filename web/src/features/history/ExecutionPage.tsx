import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';

import { EventList } from './EventList';
import { Told } from './Told';
import { Rerun } from './Rerun';
import { sourceWords } from './words';
import { executionQuery } from '../../api/queries';
import type { ExecutionStory } from '../../api/types';
import { AddToLab } from '../../components/AddToLab';
import { CopyButton } from '../../components/CopyButton';
import { Decision } from '../../components/Decision';
import { Disclosure } from '../../components/Disclosure';
import { Ended } from '../../components/Ended';
import { ExchangeView } from '../../components/ExchangeView';
import { KIND_WORDS } from '../../components/kinds';
import { TEXT_LINK } from '../../components/linkStyles';
import { LoadError, LoadingRows } from '../../components/Loading';
import { OutputView, PlainText } from '../../components/OutputView';
import { Page } from '../../components/Page';
import { Contacts, Phases } from '../../components/RunParts';
import { Section } from '../../components/Section';
import { SecretText } from '../../components/SecretText';
import { StatusIcon, statusWords } from '../../components/StatusIcon';
import { argumentsOf } from '../../lib/plan';
import { count, formatBytes, formatDuration, formatMoment } from '../../lib/time';

/** One run, with all that is known of it. */
export function ExecutionPage({ guru, id }: { guru: string; id: string }) {
  const run = useQuery(executionQuery(guru, id));
  return (
    <Page
      title={run.data?.action ?? 'Run'}
      back={
        <Link
          to="/g/$guru/history"
          params={{ guru }}
          className="mb-4 inline-flex items-center gap-1.5 text-sm text-ink-soft hover:text-ink"
        >
          <ArrowLeft aria-hidden className="size-4" />
          History
        </Link>
      }
      lead={run.data !== undefined && <Outcome run={run.data} />}
      actions={
        run.data !== undefined && (
          <>
            {run.data.turn_id != null && (
              <AddToLab guru={guru} turn={run.data.turn_id} question={run.data.question} />
            )}
            <Rerun guru={guru} run={run.data} />
          </>
        )
      }
    >
      {run.isPending && <LoadingRows what="the run" />}
      {run.isError && run.data === undefined && (
        <LoadError error={run.error} onRetry={() => void run.refetch()} />
      )}
      {run.data !== undefined && <Story guru={guru} run={run.data} />}
    </Page>
  );
}

function Outcome({ run }: { run: ExecutionStory }) {
  return (
    <p className="flex items-center gap-2" data-status={run.status}>
      <StatusIcon status={run.status} />
      <span className="font-medium text-ink">{statusWords(run.status)}</span>
      {run.duration_ms != null && <span>in {formatDuration(run.duration_ms)}</span>}
    </p>
  );
}

function Story({ guru, run }: { guru: string; run: ExecutionStory }) {
  const stderr = textOf(run, 'stderr');
  return (
    <>
      <Ended guru={guru} action={run.action} error={run.error ?? null} ending={run.ending ?? null} />
      <Facts guru={guru} run={run} />
      <Section title="Arguments">
        <Given run={run} />
      </Section>
      <Section
        title="Output"
        aside={
          <span className="flex items-center gap-2 text-[0.8125rem] text-ink-soft">
            {run.masked_count > 0 && <span>{count(run.masked_count, 'secret')} masked</span>}
            {run.output_truncated && <span>cut at the size limit</span>}
            {run.output != null && run.output !== '' && (
              <CopyButton text={run.output} label="Copy the output" />
            )}
          </span>
        }
      >
        {run.output == null ? (
          <p className="text-sm text-ink-soft">
            {run.status === 'running' ? 'Nothing has come back yet.' : 'It gave nothing back.'}
          </p>
        ) : (
          <OutputView text={run.output} />
        )}
      </Section>
      {stderr !== '' && (
        <Section title="Log (stderr)">
          <PlainText text={stderr} label="Log" />
        </Section>
      )}
      {run.exchanges.length > 0 && (
        <Section title={count(run.exchanges.length, 'HTTP exchange')}>
          {run.exchanges.map((exchange, index) => (
            <ExchangeView key={index} exchange={exchange} />
          ))}
        </Section>
      )}
      {run.phases.length > 0 && (
        <Section title="Where the time went">
          <Phases phases={run.phases} />
        </Section>
      )}
      {run.contacts.length > 0 && (
        <Section title="Hosts contacted">
          <Contacts contacts={run.contacts} />
        </Section>
      )}
      {run.plan != null && (
        <Section title="Why it ran" lead="What the planner weighed for the question, and what it found.">
          <Decision plan={run.plan} />
        </Section>
      )}
      <Told run={run} />
      <Disclosure summary={count(run.events.length, 'event')}>
        <EventList events={run.events} />
      </Disclosure>
    </>
  );
}

function Given({ run }: { run: ExecutionStory }) {
  const given = Object.entries(run.arguments);
  if (given.length === 0) return <p className="text-sm text-ink-soft">It was given none.</p>;
  return (
    <Pairs>
      {given.map(([name, value]) => (
        <Pair key={name} name={<span className="font-mono text-[0.8125rem]">{name}</span>}>
          <SecretText text={String(value)} />
          <Came run={run} parameter={name} />
        </Pair>
      ))}
    </Pairs>
  );
}

/** Where an argument came from, when a planner found it. */
function Came({ run, parameter }: { run: ExecutionStory; parameter: string }) {
  const came =
    run.plan == null
      ? undefined
      : argumentsOf(run.plan, run.action).find((one) => one.parameter === parameter);
  if (came?.place == null) return null;
  return (
    <span className="ml-2 text-[0.8125rem] text-ink-soft">
      {came.words !== null && came.words !== String(came.value) && (
        <>
          from{' '}
          <q>
            <SecretText text={came.words} />
          </q>{' '}
        </>
      )}
      {came.place.startsWith('the ') && came.place !== 'the language model' ? `in ${came.place}` : came.place}
    </span>
  );
}

function Facts({ guru, run }: { guru: string; run: ExecutionStory }) {
  return (
    <Pairs>
      {run.question !== '' && (
        <Pair name="Question">
          <SecretText text={run.question} />
        </Pair>
      )}
      <Pair name="Source">{sourceWords(run.source)}</Pair>
      <Pair name="Action">
        <Link to="/g/$guru/action/{-$name}" params={{ guru, name: run.action }} className={TEXT_LINK}>
          {run.action}
        </Link>
        , version {run.action_version}, {KIND_WORDS[run.kind]}
      </Pair>
      <Pair name="Began">{formatMoment(new Date(run.started_at ?? run.created_at))}</Pair>
      {run.finished_at != null && <Pair name="Ended">{formatMoment(new Date(run.finished_at))}</Pair>}
      {run.usage != null && <Pair name="It took">{usageWords(run.usage)}</Pair>}
      <Pair name="Id">
        <span className="font-mono text-[0.8125rem]">{run.id}</span>
      </Pair>
    </Pairs>
  );
}

function Pairs({ children }: { children: ReactNode }) {
  return (
    <dl className="grid gap-x-6 gap-y-1.5 text-sm sm:grid-cols-[max-content_minmax(0,1fr)]">{children}</dl>
  );
}

function Pair({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-ink-soft">{name}</dt>
      <dd className="mb-1.5 wrap-anywhere sm:mb-0">{children}</dd>
    </div>
  );
}

function usageWords({ cpu_ms, memory_peak_bytes }: NonNullable<ExecutionStory['usage']>): string {
  const parts = [
    cpu_ms == null ? null : `${formatDuration(cpu_ms)} of processor time`,
    memory_peak_bytes == null ? null : `${formatBytes(memory_peak_bytes)} of memory at most`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

/** The text of one of its streams, as it came. */
function textOf(run: ExecutionStory, stream: 'result' | 'stderr'): string {
  return run.events
    .map((event) => (event.type === 'action_output' && event.stream === stream ? event.text : ''))
    .join('');
}
