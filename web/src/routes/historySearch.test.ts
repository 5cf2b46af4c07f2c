import { expect, test } from 'vitest';

import { readHistorySearch } from './historySearch';
import { fromLocalInput, toLocalInput } from '../lib/localInput';

function check(search: Record<string, unknown>, expected: object): void {
  expect(readHistorySearch(search)).toEqual(expected);
}

test('the filters are what the address says, and nothing else of it', () => {
  check(
    { action: 'refund_lookup', status: 'failed,refused', page: 3 },
    {
      action: 'refund_lookup',
      status: 'failed,refused',
    },
  );
  check({ text: 12345, source: '' }, { text: '12345' });
  check({ from: { a: 1 } }, {});
});

test('a moment goes into the box and comes out of it the same', () => {
  const moment = '2026-11-23T08:05:00.000Z';
  expect(fromLocalInput(toLocalInput(moment))).toBe(moment);
  expect(toLocalInput('no time')).toBe('');
  expect(fromLocalInput('')).toBeUndefined();
});
