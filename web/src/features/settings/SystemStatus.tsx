import { useQuery } from '@tanstack/react-query';

import { systemQuery } from '../../api/queries';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { Section } from '../../components/Section';
import { MessageText } from '../../components/SecretText';

/** What runs here, and what its operator should know. */
export function SystemStatus() {
  const system = useQuery(systemQuery);
  return (
    <Section title="Installation">
      {system.isPending && <LoadingRows what="the installation" rows={2} />}
      {system.isError && <LoadError error={system.error} onRetry={() => void system.refetch()} />}
      {system.data !== undefined && (
        <>
          <dl className="grid gap-x-6 gap-y-1.5 text-sm sm:grid-cols-[max-content_minmax(0,1fr)]">
            <dt className="text-ink-soft">Version</dt>
            <dd className="font-mono text-[0.8125rem] leading-6">{system.data.version}</dd>
            <dt className="text-ink-soft">Planner</dt>
            <dd className="font-mono text-[0.8125rem] leading-6 wrap-anywhere">{system.data.planner}</dd>
            <dt className="text-ink-soft">Open to actions</dt>
            <dd>
              the public internet
              {system.data.egress_open.length > 0 && (
                <>
                  {' and '}
                  <span className="font-mono text-[0.8125rem]">{system.data.egress_open.join(', ')}</span>
                </>
              )}
            </dd>
          </dl>
          {system.data.notices.map((notice) => (
            <Notice key={notice} tone="warn">
              <MessageText text={notice} />
            </Notice>
          ))}
        </>
      )}
    </Section>
  );
}
