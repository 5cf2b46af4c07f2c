import { ExchangeView } from './ExchangeView';
import { isFinal, type ExecutionView } from './turnView';
import { CopyButton } from '../../components/CopyButton';
import { Disclosure } from '../../components/Disclosure';
import { OutputView, PlainText } from '../../components/OutputView';
import { count, formatBytes, formatDuration } from '../../lib/time';

/** All that is known of an execution. */
export function ActionDetail({ run }: { run: ExecutionView }) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <Result run={run} />
      <div className="flex flex-wrap gap-x-5 gap-y-1 empty:hidden">
        {run.stderr !== '' && (
          <Disclosure summary="Log (stderr)" className="w-full">
            <PlainText text={run.stderr} label="Log" />
          </Disclosure>
        )}
        {run.exchanges.length > 0 && (
          <Disclosure summary={count(run.exchanges.length, 'HTTP exchange')} className="w-full">
            <div className="grid gap-4">
              {run.exchanges.map((exchange, index) => (
                <ExchangeView key={index} exchange={exchange} />
              ))}
            </div>
          </Disclosure>
        )}
        {run.contacts.length > 0 && (
          <Disclosure
            summary={count(run.contacts.length, 'host contacted', 'hosts contacted')}
            className="w-full"
          >
            <Contacts run={run} />
          </Disclosure>
        )}
        {run.phases.length > 0 && (
          <Disclosure summary="Where the time went" className="w-full">
            <Phases run={run} />
          </Disclosure>
        )}
      </div>
    </div>
  );
}

function Result({ run }: { run: ExecutionView }) {
  if (run.output === '' && !isFinal(run.status)) {
    return <p className="text-sm text-ink-soft">Nothing has come back yet.</p>;
  }
  // What a failed action gave back is often nothing; then its error above says all.
  if (run.output === '' && run.error !== null) return null;
  return (
    <div role="group" aria-label="Output">
      <div className="mb-1 flex min-h-8 items-center gap-2 text-[0.8125rem] text-ink-soft">
        <span className="font-medium">Output</span>
        {run.maskedCount > 0 && <span>· {count(run.maskedCount, 'secret')} masked</span>}
        {run.outputTruncated && <span>· cut at the size limit</span>}
        {run.output !== '' && <CopyButton text={run.output} label="Copy output" className="ml-auto" />}
      </div>
      <OutputView text={run.output} />
    </div>
  );
}

function Contacts({ run }: { run: ExecutionView }) {
  return (
    <ul className="grid gap-1 text-sm">
      {run.contacts.map((contact, index) => (
        <li key={index} className="flex flex-wrap gap-x-3">
          <span className="font-mono text-[0.8125rem] leading-6 wrap-anywhere">
            {contact.host}:{contact.port}
          </span>
          {contact.refused == null ? (
            <span className="text-ink-soft">
              sent {formatBytes(contact.bytes_sent)}, received {formatBytes(contact.bytes_received)}
            </span>
          ) : (
            <span className="text-bad">refused: {contact.refused}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Phases({ run }: { run: ExecutionView }) {
  const end = Math.max(1, ...run.phases.map((phase) => phase.start_us + phase.duration_us));
  return (
    <ul className="grid gap-1.5 text-[0.8125rem]">
      {run.phases.map((phase, index) => (
        <li key={index} className="grid grid-cols-[8rem_1fr_4.5rem] items-center gap-3">
          <span className="truncate text-ink-soft">{phase.name}</span>
          <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden className="h-1.5 w-full">
            <rect width="100" height="6" className="fill-hover" />
            <rect
              x={(phase.start_us / end) * 100}
              width={Math.max(0.5, (phase.duration_us / end) * 100)}
              height="6"
              className="fill-accent"
            />
          </svg>
          <span className="text-right tabular-nums">{formatDuration(phase.duration_us / 1000)}</span>
        </li>
      ))}
    </ul>
  );
}
