import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';

import type { ExecutionStatus } from '../../api/types';
import { ActionCard } from './ActionCard';
import type { ExecutionView } from './turnView';

const run = (more: Partial<ExecutionView>): ExecutionView => ({
  id: 'run_1',
  action: 'refund_status',
  arguments: { order_id: '12345' },
  status: 'succeeded',
  startedAt: Date.now() - 3000,
  durationMs: 1400,
  output: '{"status": "pending"}',
  outputTruncated: false,
  stderr: '',
  error: null,
  ending: null,
  exchanges: [],
  contacts: [],
  phases: [],
  maskedCount: 0,
  ...more,
});

function show(more: Partial<ExecutionView>) {
  const onOpen = vi.fn();
  render(<ActionCard run={run(more)} onOpen={onOpen} />);
  return {
    onOpen,
    card: screen.getByRole('listitem'),
    line: screen.getAllByRole('button')[0] as HTMLElement,
  };
}

test.each<[ExecutionStatus, string]>([
  ['queued', 'Waiting'],
  ['running', 'Running'],
  ['succeeded', 'Succeeded'],
  ['failed', 'Failed'],
  ['refused', 'Refused'],
  ['timed_out', 'Timed out'],
  ['cancelled', 'Cancelled'],
  ['unknown', 'Outcome unknown'],
])('%s is said in words and kept for tests and styles', (status, words) => {
  const { card } = show({ status });
  expect(card.textContent).toContain(words);
  expect(card.dataset.status).toBe(status);
});

test('a script that ended badly says how', () => {
  const { line } = show({ status: 'failed', ending: { reason: 'exception', exit_code: 1, line: 7 } });
  expect(line.textContent).toContain('Failed: exception at line 7');
});

test('arguments and duration stand on the line', () => {
  const { line } = show({});
  expect(line.textContent).toContain('order ID12345');
  expect(line.textContent).toContain('1.4 s');
});

test('a running one shows the time since its start', () => {
  const { line } = show({ status: 'running', durationMs: null });
  expect(line.textContent).toMatch(/3\.\d s/);
});

test('an error stands there without unfolding, with what to do', () => {
  const { card } = show({
    status: 'failed',
    output: '',
    error: 'The host `a.test` gave 500. Try it again later.',
  });
  expect(card.textContent).toContain('The host a.test gave 500. Try it again later.');
  expect(card.querySelector('code')?.textContent).toBe('a.test');
});

test('an unknown outcome says where to look', () => {
  expect(show({ status: 'unknown' }).card.textContent).toContain('Look in the other system');
});

test('unfolding shows the output and asks for the details', async () => {
  const { line, onOpen } = show({ maskedCount: 2, stderr: 'careful', outputTruncated: true });
  expect(screen.queryByText('pending')).toBeNull();
  await userEvent.click(line);
  expect(onOpen).toHaveBeenCalledOnce();
  expect(screen.getByText('pending')).toBeDefined();
  expect(screen.getByText('· 2 secrets masked')).toBeDefined();
  expect(screen.getByText('· cut at the size limit')).toBeDefined();
  await userEvent.click(screen.getByRole('button', { name: 'Log (stderr)' }));
  expect(screen.getByText('careful')).toBeDefined();
});

test('an HTTP exchange unfolds to its headers, masked', async () => {
  const { line } = show({
    exchanges: [
      {
        method: 'GET',
        url: 'https://pay.test/v1',
        request_headers: [['authorization', 'Bearer [secret:PAY_KEY]']],
        request_body: null,
        status: 503,
        response_headers: [],
        response_body: 'busy',
        response_truncated: false,
      },
    ],
  });
  await userEvent.click(line);
  await userEvent.click(screen.getByRole('button', { name: '1 HTTP exchange' }));
  expect(screen.getByText('503')).toBeDefined();
  await userEvent.click(screen.getByRole('button', { name: 'Request' }));
  expect(screen.getByTitle('The value of PAY_KEY stood here and was masked.')).toBeDefined();
});
