import { Link } from '@tanstack/react-router';

import type { TestView } from './testView';
import { CopyButton } from '../../components/CopyButton';
import { Ended } from '../../components/Ended';
import { ExchangeView } from '../../components/ExchangeView';
import { TEXT_LINK } from '../../components/linkStyles';
import { OutputView, PlainText } from '../../components/OutputView';
import { Contacts, Phases } from '../../components/RunParts';
import { Section } from '../../components/Section';
import { StatusIcon, statusWords } from '../../components/StatusIcon';
import { count, formatDuration } from '../../lib/time';

interface TestResultProps {
  guru: string;
  action: string;
  view: TestView;
  running: boolean;
}

/** All that a test showed. */
export function TestResult({ guru, action, view, running }: TestResultProps) {
  return (
    <>
      <p role="status" className="flex items-center gap-2 text-sm" data-test={view.status}>
        <StatusIcon status={view.status} />
        <span className="font-medium">{statusWords(view.status)}</span>
        {view.durationMs !== null && (
          <span className="text-ink-soft">in {formatDuration(view.durationMs)}</span>
        )}
        {view.id !== null && !running && (
          <Link to="/g/$guru/history/$id" params={{ guru, id: view.id }} className={`ml-auto ${TEXT_LINK}`}>
            In the history
          </Link>
        )}
      </p>
      <div role="alert" className="empty:hidden">
        <Ended guru={guru} action={action} error={view.error} ending={view.ending} />
      </div>
      <Section
        title="Output"
        aside={
          <span className="flex items-center gap-2 text-[0.8125rem] text-ink-soft">
            {view.maskedCount > 0 && <span>{count(view.maskedCount, 'secret')} masked</span>}
            {view.outputTruncated && <span>cut at the size limit</span>}
            {view.output !== '' && <CopyButton text={view.output} label="Copy the output" />}
          </span>
        }
      >
        {running && view.output !== '' ? (
          <PlainText text={view.output} label="Output so far" />
        ) : running ? (
          <p className="text-sm text-ink-soft">Nothing has come back yet.</p>
        ) : (
          <OutputView text={view.output} />
        )}
      </Section>
      {view.stderr !== '' && (
        <Section title="Log (stderr)">
          <PlainText text={view.stderr} label="Log" />
        </Section>
      )}
      {view.exchanges.length > 0 && (
        <Section title={count(view.exchanges.length, 'HTTP exchange')}>
          {view.exchanges.map((exchange, index) => (
            <ExchangeView key={index} exchange={exchange} />
          ))}
        </Section>
      )}
      {view.phases.length > 0 && (
        <Section title="Where the time went">
          <Phases phases={view.phases} />
        </Section>
      )}
      {view.contacts.length > 0 && (
        <Section title="Hosts contacted">
          <Contacts contacts={view.contacts} />
        </Section>
      )}
    </>
  );
}
