import { expect, test } from 'vitest';

import { announcementBetween } from './announce';
import { emptyView, type ExecutionView, type TurnView } from './turnView';

const view = (more: Partial<TurnView>): TurnView => ({
  ...emptyView({ id: 'turn_1', question: 'Q', created_at: '2026-11-23T10:00:00Z' }),
  ...more,
});

const run = (status: ExecutionView['status']): ExecutionView => ({
  id: 'run_1',
  action: 'refund_status',
  arguments: {},
  status,
  startedAt: 0,
  durationMs: null,
  output: '',
  outputTruncated: false,
  stderr: '',
  error: null,
  ending: null,
  exchanges: [],
  contacts: [],
  phases: [],
  maskedCount: 0,
});

function check(before: Partial<TurnView>, after: Partial<TurnView>, words: string) {
  expect(announcementBetween(view(before), view(after))).toBe(words);
}

test('actions are announced as they begin and end', () => {
  check({}, { executions: [run('running')] }, 'Refund status: started.');
  check({ executions: [run('running')] }, { executions: [run('timed_out')] }, 'Refund status: timed out.');
});

test('chunks of an answer are not read out, the whole answer is', () => {
  check({ answer: 'It' }, { answer: 'It is' }, '');
  check({ answer: 'It is' }, { answer: 'It is here.', status: 'done' }, 'Answer: It is here.');
});

test('bad ends are announced with their reason', () => {
  check({}, { status: 'failed', error: 'It broke.' }, 'Failed. It broke.');
  check({}, { status: 'cancelled' }, 'Stopped.');
});

test('nothing new says nothing', () => {
  check({ executions: [run('running')] }, { executions: [run('running')] }, '');
});
