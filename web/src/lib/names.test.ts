import { expect, test } from 'vitest';

import { initials, readableName, readableWord, slugOf } from './names';

test('names are read as words', () => {
  expect(readableName('refund_status')).toBe('Refund status');
  expect(readableName('sla-breaches')).toBe('SLA breaches');
  expect(readableName('lookUp2')).toBe('LookUp2');
  expect(readableWord('order_id')).toBe('order ID');
  expect(readableWord('_')).toBe('_');
});

test('two letters stand for a name', () => {
  expect(initials('Ana Lopez')).toBe('AL');
  expect(initials('ana.lopez@acme.test')).toBe('AL');
  expect(initials('ana@acme.test')).toBe('AN');
  expect(initials('')).toBe('?');
});

test('a slug is made of a name', () => {
  expect(slugOf('Support (EU)')).toBe('support-eu');
  expect(slugOf('  Größe & Maß ')).toBe('gro-e-ma');
  expect(slugOf('!!')).toBe('');
});
