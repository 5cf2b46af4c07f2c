import { expect, test } from 'vitest';

import { toArguments, toTyped, type Typed } from './arguments';
import type { Parameter } from '../api/actionFile';

const PARAMETERS: Parameter[] = [
  { name: 'text', type: 'string', description: '' },
  { name: 'amount', type: 'number', description: '' },
  { name: 'sure', type: 'boolean', description: '' },
];

function check(typed: Typed, expected: object): void {
  expect(toArguments(PARAMETERS, typed)).toEqual(expected);
}

test('what is typed becomes what its parameter is', () => {
  check({ text: '007', amount: '1.5', sure: 'false' }, { text: '007', amount: 1.5, sure: false });
});

test('what is empty is not given, and what is no parameter is dropped', () => {
  check({ text: '', amount: '', other: 'x' }, {});
});

test('a number that is none goes as typed, for the server to refuse', () => {
  check({ amount: 'soon' }, { amount: 'soon' });
});

test('arguments of an earlier run can be typed again', () => {
  const given = { text: 'a', amount: 2, sure: true };
  check(toTyped(given), given);
});
