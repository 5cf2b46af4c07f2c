import { expect, test } from 'vitest';

import { safeReturn } from './session';

test('after signing in one returns to our own pages only', () => {
  expect(safeReturn('/g/demo/chat/conv_1?x=1')).toBe('/g/demo/chat/conv_1?x=1');
  for (const foreign of [
    undefined,
    '',
    'https://evil.test',
    '//evil.test',
    '/\\evil.test',
    'javascript:alert(1)',
    'g/demo',
  ]) {
    expect(safeReturn(foreign)).toBe('/');
  }
});
