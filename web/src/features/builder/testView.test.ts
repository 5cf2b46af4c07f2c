import { expect, test } from 'vitest';

import { applyTestEvent, EMPTY_TEST, type TestView } from './testView';
import type { TurnEvent } from '../../api/events';

type Part = Record<string, unknown> & { type: TurnEvent['type'] };

function check(parts: Part[], expected: Partial<TestView>): void {
  const events = parts.map(
    (part, index) =>
      ({
        seq: index + 1,
        at: '2026-11-30T08:00:00Z',
        execution_id: 'run_1',
        ...part,
      }) as unknown as TurnEvent,
  );
  expect(events.reduce(applyTestEvent, EMPTY_TEST)).toEqual({ ...EMPTY_TEST, ...expected });
}

const finished = {
  type: 'action_finished',
  status: 'succeeded',
  duration_us: 1500,
  output: 'one two',
  output_truncated: false,
  error: null,
  masked_count: 2,
} as const;

test('output grows as it comes, apart from the log', () => {
  check(
    [
      { type: 'action_started', action: 'a', arguments: {} },
      { type: 'action_output', stream: 'result', text: 'one ' },
      { type: 'action_output', stream: 'stderr', text: 'hm' },
      { type: 'action_output', stream: 'result', text: 'two' },
    ],
    { id: 'run_1', output: 'one two', stderr: 'hm' },
  );
});

test('the end says how it went', () => {
  check([finished], {
    id: 'run_1',
    status: 'succeeded',
    output: 'one two',
    durationMs: 1.5,
    maskedCount: 2,
  });
});

test('what came stays where the end repeats none of it', () => {
  check(
    [
      { type: 'action_output', stream: 'result', text: 'half' },
      { ...finished, status: 'timed_out', output: null, error: 'It took too long.', masked_count: 0 },
    ],
    { id: 'run_1', status: 'timed_out', output: 'half', error: 'It took too long.', durationMs: 1.5 },
  );
});

test('phases, hosts and exchanges are kept in order', () => {
  const phase = { name: 'connect', start_us: 0, duration_us: 10 };
  const contact = {
    host: 'a.test',
    port: 443,
    address: null,
    bytes_sent: 1,
    bytes_received: 2,
    refused: null,
  };
  check(
    [
      { type: 'phase_measured', phase },
      { type: 'host_contacted', contact },
      { type: 'phase_measured', phase: { ...phase, name: 'wait' } },
    ],
    { phases: [phase, { ...phase, name: 'wait' }], contacts: [contact] },
  );
});
