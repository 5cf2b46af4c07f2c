import { expect, test, vi } from 'vitest';

import { ApiError } from '../../api/error';
import { followTurn, retryDelay } from './follow';

type Answer = string[] | Error;

const event = (seq: number, type = 'answer_text') =>
  `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, type, at: '', text: String(seq) })}\n\n`;

function body(chunks: string[]): Response {
  const encoder = new TextEncoder();
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
        controller.close();
      },
    }),
  );
}

/** Follows over the given answers of the server; tells which events came, from where it asked, and how it waited. */
async function follow(answers: Answer[], after = 0) {
  const seen: number[] = [];
  const asked: number[] = [];
  const waited: number[] = [];
  const lines: string[] = [];
  const abort = new AbortController();
  const rest = [...answers];
  const done = followTurn({
    open: (from) => {
      asked.push(from);
      const next = rest.shift();
      if (next === undefined) {
        abort.abort();
        return Promise.reject(new DOMException('aborted', 'AbortError'));
      }
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(body(next));
    },
    after,
    signal: abort.signal,
    onEvent: ({ seq }) => seen.push(seq),
    onLine: (line) => lines.push(line),
    pause: (ms) => {
      waited.push(ms);
      return Promise.resolve();
    },
  });
  const outcome = await done.then(
    () => 'ended' as const,
    (error: unknown) => error,
  );
  return { seen, asked, waited, lines, outcome, left: rest.length };
}

test('reads to the end of the turn and no further', async () => {
  const told = await follow([[event(1), event(2), event(3, 'turn_finished')], [event(4)]]);
  expect(told).toMatchObject({ seen: [1, 2, 3], asked: [0], waited: [], outcome: 'ended', left: 1 });
});

test('asks again from the last event when the line breaks, and takes none twice', async () => {
  const told = await follow([
    [event(1), event(2)],
    [event(2), event(3), event(4, 'turn_finished')],
  ]);
  expect(told).toMatchObject({
    seen: [1, 2, 3, 4],
    asked: [0, 2],
    waited: [500],
    lines: ['open', 'lost', 'open'],
  });
});

test('an event cut in half by the break is taken whole afterwards', async () => {
  const half = event(2).slice(0, 25);
  const told = await follow([
    [event(1), half],
    [event(2), event(3, 'turn_finished')],
  ]);
  expect(told).toMatchObject({ seen: [1, 2, 3], asked: [0, 1] });
});

test('events and characters may be split over chunks anywhere', async () => {
  const text = event(1) + event(2, 'turn_finished');
  for (let cut = 1; cut < text.length; cut += 1) {
    const told = await follow([[text.slice(0, cut), text.slice(cut)]]);
    expect(told.seen).toEqual([1, 2]);
  }
});

test('waits longer with each failure in a row, and shortly again after news', async () => {
  const down = new ApiError('down', 0);
  const told = await follow([down, down, down, [event(1)], down, [event(2, 'turn_finished')]]);
  expect(told.waited).toEqual([500, 1000, 2000, 500, 1000]);
  expect([1, 2, 3, 4, 5, 6, 40].map(retryDelay)).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
});

test('a server that is down or busy is asked again; one that says no is believed', async () => {
  const ending: Answer = [event(1, 'turn_finished')];
  for (const status of [0, 429, 500, 503]) {
    expect((await follow([new ApiError('later', status), ending])).outcome).toBe('ended');
  }
  for (const status of [400, 401, 403, 404]) {
    const refusal = new ApiError('no', status);
    expect((await follow([refusal, ending])).outcome).toBe(refusal);
  }
});

test('comments and what is no event are passed over', async () => {
  const told = await follow([
    [': still here\n\n', 'data: not json\n\n', 'data: {"type":"x"}\n\n', event(1, 'turn_finished')],
  ]);
  expect(told.seen).toEqual([1]);
});

test('starts after the event it is given', async () => {
  expect(await follow([[event(8, 'turn_finished')]], 7)).toMatchObject({ asked: [7], seen: [8] });
});

test('ends quietly when it is called off', async () => {
  expect(await follow([[event(1)]])).toMatchObject({ seen: [1], outcome: 'ended' });
});

test('a line silent for too long is given up and opened anew', async () => {
  vi.useFakeTimers();
  const opened = vi.fn();
  const silent = (signal: AbortSignal) =>
    new Response(
      new ReadableStream({
        start(controller) {
          signal.addEventListener('abort', () => controller.error(new DOMException('aborted', 'AbortError')));
        },
      }),
    );
  const done = followTurn({
    open: (_, signal) => {
      opened();
      return Promise.resolve(
        opened.mock.calls.length === 1 ? silent(signal) : body([event(1, 'turn_finished')]),
      );
    },
    after: 0,
    signal: new AbortController().signal,
    onEvent: () => undefined,
    onLine: () => undefined,
    pause: () => Promise.resolve(),
  });
  await vi.advanceTimersByTimeAsync(50_000);
  await done;
  expect(opened).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
