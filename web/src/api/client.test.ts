import { beforeEach, expect, test, vi } from 'vitest';

import { me, signIn } from './auth';
import { onSignedOut } from './client';
import { deleteConversation, listConversations } from './conversations';
import { ApiError, messageOf } from './error';
import { openTurnEvents, parseTurnEvent } from './turns';

const server = vi.fn<(input: Request | string) => Promise<Response>>();

beforeEach(() => {
  server.mockReset();
  vi.stubGlobal('fetch', server);
});

const json = (status: number, value: unknown) =>
  Promise.resolve(
    new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } }),
  );

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) throw new Error(`not an ApiError: ${String(error)}`);
  return error;
}

test('every change carries the header that foreign pages cannot send', async () => {
  server.mockImplementation(() => Promise.resolve(new Response(null, { status: 204 })));
  await deleteConversation('demo', 'conv_1');
  const request = server.mock.calls[0]?.[0] as Request;
  expect(request.method).toBe('DELETE');
  expect(request.headers.get('x-errand-csrf')).toBe('1');
  expect(new URL(request.url).pathname).toBe('/api/v1/demo/conversations/conv_1');
});

test('the server’s own words are the error', async () => {
  server.mockImplementation(() =>
    json(401, { msg: 'The password is wrong. Try again.', code: 'bad_password' }),
  );
  const error = await failure(signIn('a@b.test', 'x'));
  expect([error.message, error.status, error.code]).toEqual([
    'The password is wrong. Try again.',
    401,
    'bad_password',
  ]);
});

test('an answer that is not ours still says something', async () => {
  server.mockImplementation(() => Promise.resolve(new Response('<html>Bad gateway</html>', { status: 502 })));
  expect((await failure(listConversations('demo', null))).message).toContain('502');
});

test('a server out of reach is told apart', async () => {
  server.mockImplementation(() => Promise.reject(new TypeError('Failed to fetch')));
  expect((await failure(listConversations('demo', null))).status).toBe(0);
  const stream = openTurnEvents({
    guru: 'demo',
    turn: 'turn_1',
    after: 0,
    signal: new AbortController().signal,
  });
  expect((await failure(stream)).status).toBe(0);
});

test('an ended session is reported once per refusal, but not by asking who one is', async () => {
  server.mockImplementation(() => json(401, { msg: 'You are not signed in.' }));
  const heard = vi.fn();
  const stop = onSignedOut(heard);
  expect(await me()).toBeNull();
  await failure(signIn('a@b.test', 'x'));
  expect(heard).not.toHaveBeenCalled();
  await failure(listConversations('demo', null));
  await failure(openTurnEvents({ guru: 'demo', turn: 't', after: 3, signal: new AbortController().signal }));
  expect(heard).toHaveBeenCalledTimes(2);
  stop();
  await failure(listConversations('demo', null));
  expect(heard).toHaveBeenCalledTimes(2);
});

test('the stream is asked for after the last event, with the names escaped', async () => {
  server.mockImplementation(() => Promise.resolve(new Response('')));
  await openTurnEvents({ guru: 'de/mo', turn: 'turn_1', after: 12, signal: new AbortController().signal });
  expect(server.mock.calls[0]?.[0]).toBe('/api/v1/de%2Fmo/turns/turn_1/events?after=12');
});

test('only what looks like an event is one', () => {
  expect(parseTurnEvent('{"seq":1,"type":"answer_text","at":"","text":"x"}')).toMatchObject({ seq: 1 });
  for (const data of ['', 'x', '1', 'null', '{"type":"x"}', '{"seq":"1","type":"x"}'])
    expect(parseTurnEvent(data)).toBeNull();
});

test('faults of the page do not leak their insides', () => {
  expect(messageOf(new TypeError('x is undefined'))).not.toContain('undefined');
});
