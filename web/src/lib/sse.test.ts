import { expect, test } from 'vitest';

import { createSseParser } from './sse';

function check(chunks: string[], expected: [string | null, string, string][]) {
  const parser = createSseParser();
  const messages = chunks.flatMap((chunk) => parser.feed(chunk));
  expect(messages.map(({ id, event, data }) => [id, event, data])).toEqual(expected);
}

test('a message has an id, an event and data', () => {
  check(['id: 7\nevent: planned\ndata: {"a":1}\n\n'], [['7', 'planned', '{"a":1}']]);
});

test('several data lines are one text', () => {
  check(['data: a\ndata: b\n\n'], [[null, 'message', 'a\nb']]);
});

test('the id stays for messages without one, the event does not', () => {
  check(
    ['id: 1\nevent: x\ndata: a\n\ndata: b\n\n'],
    [
      ['1', 'x', 'a'],
      ['1', 'message', 'b'],
    ],
  );
});

test('comments, unknown fields and empty messages say nothing', () => {
  check([': ping\n\nretry: 10\n\nevent: x\n\ndata: a\n\n'], [[null, 'message', 'a']]);
});

test('one space after the colon belongs to the format, the next to the data', () => {
  check(
    ['data:  a\n\ndata:b\n\n'],
    [
      [null, 'message', ' a'],
      [null, 'message', 'b'],
    ],
  );
});

test('all line ends, also one split between chunks', () => {
  check(
    ['data: a\r\n\r', '\ndata: b\r\rdata: c\n\n'],
    [
      [null, 'message', 'a'],
      [null, 'message', 'b'],
      [null, 'message', 'c'],
    ],
  );
});

test('an unfinished message is not given', () => {
  check(['data: a\n'], []);
});
