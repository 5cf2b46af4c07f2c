import { expect, test } from 'vitest';

import { formatCost } from './cost';

const check = (cost: number | null, expected: string) =>
  expect(formatCost(cost).replace(',', '.')).toBe(expected);

test('small amounts keep their digits', () => {
  check(null, '–');
  check(0, '0.00');
  check(0.00012, '0.00012');
  check(1.236, '1.24');
});
