import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';

import { EventList } from './EventList';
import { PlanOf } from './PlanOf';
import { Told } from './Told';
import { Rerun } from './Rerun';
import { sourceWords } from './words';
import { executionQuery } from '../../api/queries';
import type { ExecutionStory } from '../../api/types';
import { CopyButton } from '../../components/CopyButton';
import { Disclosure } from '../../components/Disclosure';
import { ExchangeView } from '../../components/ExchangeView';
import { KIND_WORDS } from '../../components/kinds';
import { TEXT_LINK } from '../../components/linkStyles';
import { LoadError, LoadingRows } from '../../components/Loading';
import { OutputView, PlainText } from '../../components/OutputView';
import { Page } from '../../components/Page';
import { Contacts, Phases } from '../../components/RunParts';
import { Section } from '../../components/Section';
import { MessageText, SecretText } from '../../components/SecretText';
import { StatusIcon, statusWords } from '../../components/StatusIcon';
import { count, formatDuration, formatMoment } from '../../lib/time';

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
      actions={run.data !== undefined && <Rerun guru={guru} run={run.data} />}
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
      {run.error != null && (
        <div role="note" className="rounded-xl bg-bad-soft px-4 py-3 text-sm text-bad wrap-anywhere">
          <MessageText text={run.error} />
        </div>
      )}
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
      <Told run={run} />
      {run.turn_id != null && <PlanOf guru={guru} turn={run.turn_id} action={run.action} />}
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
        </Pair>
      ))}
    </Pairs>
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

/** The text of one of its streams, as it came. */
function textOf(run: ExecutionStory, stream: 'result' | 'stderr'): string {
  return run.events
    .map((event) => (event.type === 'action_output' && event.stream === stream ? event.text : ''))
    .join('');
}
