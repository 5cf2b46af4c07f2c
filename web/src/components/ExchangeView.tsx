import type { HttpExchange } from '../api/events';
import { Disclosure } from './Disclosure';
import { OutputView } from './OutputView';
import { SecretText } from './SecretText';
import { classes } from '../lib/classes';

/** One request with its answer, as it went over the wire, secrets masked. */
export function ExchangeView({ exchange }: { exchange: HttpExchange }) {
  const bad = exchange.status == null || exchange.status >= 400;
  return (
    <div className="rounded-lg border border-line bg-surface p-3.5">
      <p className="flex flex-wrap items-baseline gap-x-2.5 gap-y-1 font-mono text-[0.8125rem] wrap-anywhere">
        <span className="font-semibold">{exchange.method}</span>
        <span className="min-w-0 flex-1">
          <SecretText text={exchange.url} />
        </span>
        <span className={classes('font-semibold', bad ? 'text-bad' : 'text-ok')}>
          {exchange.status ?? 'no answer'}
        </span>
      </p>
      <div className="mt-2 grid gap-1">
        <Part title="Request" headers={exchange.request_headers} body={exchange.request_body ?? null} />
        {exchange.status != null && (
          <Part title="Answer" headers={exchange.response_headers} body={exchange.response_body ?? null} />
        )}
      </div>
      {exchange.response_truncated && (
        <p className="mt-2 text-[0.8125rem] text-ink-soft">
          The answer was longer than the limit and is cut.
        </p>
      )}
    </div>
  );
}

interface PartProps {
  title: string;
  headers: string[][];
  body: string | null;
}

function Part({ title, headers, body }: PartProps) {
  return (
    <Disclosure summary={title}>
      <dl className="mb-2 grid gap-x-4 font-mono text-[0.8125rem] leading-6 sm:grid-cols-[max-content_1fr]">
        {headers.map(([name, value], index) => (
          <div key={index} className="contents">
            <dt className="text-ink-soft">{name}</dt>
            <dd className="min-w-0 wrap-anywhere">
              <SecretText text={value ?? ''} />
            </dd>
          </div>
        ))}
      </dl>
      {body !== null && body !== '' && <OutputView text={body} />}
    </Disclosure>
  );
}
