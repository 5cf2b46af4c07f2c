import { isFinal, type ExecutionView } from './turnView';
import { CopyButton } from '../../components/CopyButton';
import { Disclosure } from '../../components/Disclosure';
import { ExchangeView } from '../../components/ExchangeView';
import { OutputView, PlainText } from '../../components/OutputView';
import { Contacts, Phases } from '../../components/RunParts';
import { count } from '../../lib/time';

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
            <Contacts contacts={run.contacts} />
          </Disclosure>
        )}
        {run.phases.length > 0 && (
          <Disclosure summary="Where the time went" className="w-full">
            <Phases phases={run.phases} />
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
