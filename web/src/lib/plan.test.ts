import { expect, it } from 'vitest';

import { argumentsOf } from './plan';
import type { Plan } from '../api/types';

it('tells of each argument which words it was taken from, or whose it is', () => {
  const plan = {
    steps: [
      {
        action: 'sla_breach',
        action_version: 1,
        arguments: { hours_ahead: 3, team: 'all', region: 'EU', note: 'x' },
        origins: [
          { parameter: 'team', from: 'default' },
          { parameter: 'region', from: 'earlier', turns_ago: 2, in_answer: true },
        ],
      },
    ],
    missing: [{ action: 'refund_lookup', arguments: { email: 'ana@acme.test' }, parameters: ['order_id'] }],
    trail: [
      {
        action: 'sla_breach',
        parameter: 'hours_ahead',
        turns_ago: 0,
        in_answer: false,
        start: 0,
        end: 1,
        words: '3',
      },
    ],
  } as unknown as Plan;
  expect(argumentsOf(plan, 'sla_breach')).toEqual([
    { parameter: 'hours_ahead', value: 3, words: '3', place: 'the question' },
    { parameter: 'team', value: 'all', words: null, place: 'its default' },
    { parameter: 'region', value: 'EU', words: null, place: 'the answer 2 turns before' },
    { parameter: 'note', value: 'x', words: null, place: null },
  ]);
  expect(argumentsOf(plan, 'refund_lookup')).toEqual([
    { parameter: 'email', value: 'ana@acme.test', words: null, place: null },
  ]);
});
