import { Fact, Facts } from './Facts';
import type { System } from '../../api/types';
import { Badge } from '../../components/Badge';
import { Notice } from '../../components/Notice';
import { Section } from '../../components/Section';
import { MessageText } from '../../components/SecretText';
import { formatBytes } from '../../lib/time';

type Python = System['python'];

/** Whether scripts can run here, with how many ready to; or what is in the way and how to mend it. */
export function Sandbox({ python }: { python: Python }) {
  return (
    <Section
      title="Sandbox of Python actions"
      aside={<State state={python.state} />}
      lead="Each run gets a fresh one. errand doctor, on the server's machine, tells what it can and cannot isolate."
    >
      {python.state === 'unavailable' && (
        <Notice tone="warn">
          <MessageText text={`${python.reason ?? ''} ${python.remedy ?? ''}`} />
        </Notice>
      )}
      {python.pool != null && <Pool pool={python.pool} />}
    </Section>
  );
}

function State({ state }: { state: string }) {
  switch (state) {
    case 'ready':
      return <Badge tone="ok">Ready</Badge>;
    case 'starting':
      return <Badge>Starting</Badge>;
    default:
      return <Badge tone="warn">Not available</Badge>;
  }
}

function Pool({ pool }: { pool: NonNullable<Python['pool']> }) {
  return (
    <Facts>
      <Fact name="Standing ready">
        {pool.ready_bare} bare, {pool.ready_data} with the data libraries
      </Fact>
      <Fact name="Running now">
        {pool.running}
        {pool.waiting > 0 && `, ${pool.waiting} waiting`}
      </Fact>
      <Fact name="Runs since the start">{pool.runs_served.toLocaleString()}</Fact>
      <Fact name="Restarts of it">{pool.restarts.toLocaleString()}</Fact>
      {pool.memory_bytes != null && <Fact name="Memory of it all">{formatBytes(pool.memory_bytes)}</Fact>}
    </Facts>
  );
}
