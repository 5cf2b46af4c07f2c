import { expect, test } from 'vitest';

import { readOutput, splitHint, splitSecrets } from './output';

function check(text: string, expected: object) {
  expect(readOutput(text)).toMatchObject(expected);
}

test('an output is shown as what it is', () => {
  check('', { kind: 'empty' });
  check('  \n', { kind: 'empty' });
  check('plain words', { kind: 'text', text: 'plain words' });
  check('42', { kind: 'text' });
  check('{"a": 1}', { kind: 'json', value: { a: 1 } });
  check('{"a": 1', { kind: 'text' });
  check('[1, 2]', { kind: 'json', value: [1, 2] });
  check('[]', { kind: 'json' });
  check('[secret:KEY] is gone', { kind: 'text' });
});

test('objects in a list make a table with the columns of all of them', () => {
  check('[{"a": 1}, {"b": 2, "a": null}]', {
    kind: 'table',
    columns: ['a', 'b'],
    rows: [{ a: 1 }, { a: null, b: 2 }],
  });
  check('[{"a": 1}, 2]', { kind: 'json' });
  check('[{}, {}]', { kind: 'json' });
});

test('a list of very wide objects is a tree', () => {
  const wide = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`c${index}`, index]));
  check(JSON.stringify([wide]), { kind: 'json' });
});

test('masks are cut out of a text', () => {
  const parts = (text: string) =>
    splitSecrets(text).map((part) => (part.secret ? `<${part.text}>` : part.text));
  expect(parts('a [secret:KEY_1] b [secret:X]')).toEqual(['a ', '<KEY_1>', ' b ', '<X>']);
  expect(parts('[secret:A][secret:B]')).toEqual(['<A>', '<B>']);
  expect(parts('no [secret: KEY] here')).toEqual(['no [secret: KEY] here']);
});

test('an error is cut into what happened and what to do', () => {
  const cut = (error: string) => {
    const { what, hint } = splitHint(error);
    return [what, hint];
  };
  expect(cut('It broke. Mend it.')).toEqual(['It broke.', 'Mend it.']);
  expect(cut('It broke.')).toEqual(['It broke.', null]);
  expect(cut('The host `a. B` is private. Use `another`. Or ask.')).toEqual([
    'The host `a. B` is private.',
    'Use `another`. Or ask.',
  ]);
  expect(cut('It took 3.5 s, e.g. too long. Wait.')).toEqual(['It took 3.5 s, e.g. too long.', 'Wait.']);
});
