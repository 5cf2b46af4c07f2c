import { useQuery } from '@tanstack/react-query';

import { Fact, Facts } from './Facts';
import { Sandbox } from './Sandbox';
import { systemQuery } from '../../api/queries';
import type { System } from '../../api/types';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { Section } from '../../components/Section';
import { MessageText } from '../../components/SecretText';
import { count, formatBytes, formatDuration } from '../../lib/time';

const LOOK_EVERY_MS = 5_000;

/** What runs here for every guru, and what its operator should know. It is set on the server, and read here. */
export function Installation() {
  const system = useQuery({ ...systemQuery, refetchInterval: LOOK_EVERY_MS });
  if (system.data === undefined) {
    return system.isError ? (
      <LoadError error={system.error} onRetry={() => void system.refetch()} />
    ) : (
      <LoadingRows what="the installation" rows={3} />
    );
  }
  const { notices, python } = system.data;
  return (
    <>
      {notices.length > 0 && (
        <div className="grid gap-2">
          {notices.map((notice) => (
            <Notice key={notice} tone="warn">
              <MessageText text={notice} />
            </Notice>
          ))}
        </div>
      )}
      <Sandbox python={python} />
      <Section
        title="Egress policy"
        lead="What API calls and scripts may reach. Private, loopback, link-local, multicast and cloud-metadata addresses are refused, after names are resolved and on every redirect."
      >
        <Facts>
          <Fact name="Open">
            the public internet
            {system.data.egress_open.length > 0 && (
              <>
                {' and '}
                <span className="font-mono text-[0.8125rem]">{system.data.egress_open.join(', ')}</span>
              </>
            )}
          </Fact>
          <Fact name="To change it">
            <code className="font-mono text-[0.8125rem]">egress.open</code> in the server's settings, or{' '}
            <code className="font-mono text-[0.8125rem]">ERRAND_EGRESS_OPEN</code>; an action narrows it for
            itself with “Allowed hosts”.
          </Fact>
        </Facts>
      </Section>
      <Section title="Installation">
        <Facts>
          <Fact name="Version">
            <span className="font-mono text-[0.8125rem]">{system.data.version}</span>
          </Fact>
          <Fact name="Planner">
            <span className="font-mono text-[0.8125rem] wrap-anywhere">{system.data.planner}</span>
          </Fact>
          <Fact name="Database">{system.data.database === 'sqlite' ? 'SQLite' : 'PostgreSQL'}</Fact>
          <Limits limits={system.data.limits} />
        </Facts>
      </Section>
    </>
  );
}

function Limits({ limits }: { limits: System['limits'] }) {
  return (
    <>
      <Fact name="Actions of a guru">
        {limits.actions_per_guru.toLocaleString()}, unless it says otherwise
      </Fact>
      <Fact name="Longest run">{formatDuration(limits.action_timeout_ms_max)}</Fact>
      <Fact name="Longest script">
        {count(limits.python_chars_max, 'character')}, {count(limits.python_lines_max, 'line')}
      </Fact>
      <Fact name="Output kept">{formatBytes(limits.output_bytes_max)} a run</Fact>
      <Fact name="History kept">
        {limits.retention_days === 0 ? 'for ever' : count(limits.retention_days, 'day')}, unless a guru says
        otherwise
      </Fact>
    </>
  );
}
