import { expect, test } from 'vitest';

import { problemWords } from './problems';

function check(code: string, expected: RegExp): void {
  expect(problemWords(code)).toMatch(expected);
}

test('a problem is told in words, and an unknown one never in the words of an address', () => {
  check('no_account', /no account here/);
  check('expired', /Try again/);
  check('constructor', /^Signing in failed/);
  check('<b>You won</b>', /^Signing in failed/);
});
