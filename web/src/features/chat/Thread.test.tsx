import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { beforeEach, expect, test, vi } from 'vitest';

import type { Guru } from '../../api/types';
import { Thread } from './Thread';

const AT = '2026-11-23T10:00:00.000Z';
const GURU: Guru = {
  id: 'guru_1',
  slug: 'demo',
  name: 'Acme',
  instructions: '',
  example_questions: ['Where is order 1?'],
  parallel_actions: 3,
  time_zone: 'UTC',
  public_links: false,
  scopes: ['ask'],
  planner: 'embedded',
  created_at: AT,
  updated_at: AT,
};

const TURN = {
  id: 'turn_1',
  conversation_id: 'conv_1',
  answer: null,
  status: 'running',
  plan: null,
  references: [],
  created_at: AT,
  finished_at: null,
};

/** A server whose event stream is written by the test, line by line. */
class Server {
  calls: string[] = [];
  refuse: { status: number; msg: string } | null = null;
  turns: object[] = [];
  private stream: ReadableStreamDefaultController<Uint8Array> | null = null;
  private seq = 0;

  readonly fetch = async (input: Request | string): Promise<Response> => {
    const request = typeof input === 'string' ? null : input;
    const url = new URL(request?.url ?? (input as string), 'http://test');
    const call = `${request?.method ?? 'GET'} ${url.pathname}${url.search}`;
    const writes = request?.method === 'POST' || request?.method === 'PUT';
    const body = request !== null && writes ? await request.text() : '';
    this.calls.push(body === '' ? call : `${call} ${body}`);
    if (this.refuse !== null) return reply(this.refuse.status, { msg: this.refuse.msg });
    if (call.endsWith('/conversations'))
      return reply(201, { id: 'conv_1', title: '', created_at: AT, updated_at: AT });
    if (call.endsWith('/turns'))
      this.turns = [{ ...TURN, question: (JSON.parse(body) as { question: string }).question }];
    if (call.endsWith('/turns')) return reply(202, { turn_id: 'turn_1', conversation_id: 'conv_1' });
    if (call.endsWith('/cancel')) return reply(202, {});
    if (call.startsWith('DELETE')) return new Response(null, { status: 204 });
    if (url.pathname.endsWith('/feedback'))
      return reply(200, {
        turn_id: 'turn_1',
        ...(JSON.parse(body) as object),
        created_at: AT,
        updated_at: AT,
      });
    if (url.pathname.endsWith('/events')) return this.open();
    return reply(200, { id: 'conv_1', title: 'T', created_at: AT, updated_at: AT, turns: this.turns });
  };

  /** Sends an event down the open stream and lets the page take it in. */
  async send(type: string, more: object = {}): Promise<void> {
    await waitFor(() => expect(this.stream).not.toBeNull());
    this.seq += 1;
    const data = JSON.stringify({ seq: this.seq, at: AT, type, ...more });
    await act(async () => {
      this.stream?.enqueue(new TextEncoder().encode(`data: ${data}\n\n`));
      await new Promise((resolve) => setTimeout(resolve, 0));
    });
  }

  private open(): Response {
    return new Response(
      new ReadableStream<Uint8Array>({ start: (controller) => void (this.stream = controller) }),
    );
  }
}

const reply = (status: number, value: object) =>
  new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });

let server: Server;

beforeEach(() => {
  server = new Server();
  vi.stubGlobal('fetch', server.fetch);
  sessionStorage.clear();
  Element.prototype.scrollTo = () => undefined;
});

function show(conversation: string | null) {
  function Page() {
    const [id, setId] = useState(conversation);
    const open = (next: string) => {
      setId(next);
      return Promise.resolve();
    };
    return <Thread guru={GURU} conversation={id} onConversation={open} onNew={() => undefined} />;
  }
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 60_000 } } });
  return render(
    <QueryClientProvider client={queries}>
      <Page />
    </QueryClientProvider>,
  );
}

const box = () => screen.getByLabelText<HTMLTextAreaElement>('Question');
const card = () => screen.getByRole('list', { name: 'Actions' }).querySelector('li');

const PLAN = {
  version: 1,
  planner: 'embedded',
  missing: [],
  considered: [],
  considered_left_out: 0,
  trail: [],
  model_calls: [],
  notices: [],
};
const STEP = { action: 'refund', action_version: 1, arguments: { order_id: '1' }, origins: [] };
const RUN = { execution_id: 'run_1', action: 'refund' };
const END = {
  status: 'succeeded',
  duration_us: 5000,
  output: '{"a": 1}',
  output_truncated: false,
  error: null,
};

test('an example question begins a conversation, and its turn is followed to the end', async () => {
  show(null);
  await userEvent.click(screen.getByRole('button', { name: 'Where is order 1?' }));
  await screen.findByRole('heading', { level: 2, name: 'Where is order 1?' });
  await server.send('turn_started', { question: 'Where is order 1?', source: 'web' });
  await server.send('planned', { plan: { ...PLAN, steps: [STEP] } });
  expect(card()?.dataset.status).toBe('queued');
  await server.send('action_started', { ...RUN, arguments: { order_id: '1' } });
  expect(card()?.dataset.status).toBe('running');
  await server.send('action_finished', { ...RUN, ...END, masked_count: 0 });
  expect(card()?.dataset.status).toBe('succeeded');
  await server.send('answer_text', { text: 'It is **on its' });
  await server.send('answer_text', { text: ' way**.' });
  await server.send('turn_finished', { status: 'done', error: null });
  expect((await screen.findByText('on its way')).tagName).toBe('STRONG');
  expect(screen.getByRole('navigation', { name: 'References' }).textContent).toContain('Refund');
  expect(screen.getByRole('button', { name: 'Send' })).toBeDefined();
  expect(server.calls.slice(0, 3)).toEqual([
    'POST /api/v1/demo/conversations',
    'POST /api/v1/demo/conversations/conv_1/turns {"question":"Where is order 1?"}',
    'GET /api/v1/demo/turns/turn_1/events?after=0',
  ]);
});

test('words that were not taken come back into the box, with the server’s reason', async () => {
  server.refuse = { status: 429, msg: 'Too many questions. Wait a minute.' };
  show(null);
  await userEvent.type(box(), 'Hello{Enter}');
  expect(await screen.findByText('Too many questions. Wait a minute.')).toBeDefined();
  expect(box().value).toBe('Hello');
});

test('a turn that runs while the page is loaded is followed from its first event, and can be stopped', async () => {
  server.turns = [{ ...TURN, id: 'turn_9', question: 'Slow?' }];
  show('conv_1');
  await userEvent.click(await screen.findByRole('button', { name: 'Stop' }));
  expect(server.calls).toContain('GET /api/v1/demo/turns/turn_9/events?after=0');
  expect(server.calls).toContain('POST /api/v1/demo/turns/turn_9/cancel');
  await server.send('turn_finished', { status: 'cancelled', error: null });
  expect(await screen.findByText('Stopped before anything was done.')).toBeDefined();
  expect(screen.getByRole('button', { name: 'Ask again' })).toBeDefined();
});

test('what an action lacks stands beside the question for it', async () => {
  show(null);
  await userEvent.type(box(), 'I was charged twice!{Enter}');
  const lack = { action: 'double_charge', action_version: 1, arguments: {}, parameters: ['customer_email'] };
  await server.send('planned', { plan: { ...PLAN, steps: [], missing: [lack] } });
  expect(card()?.textContent).toContain('Needs customer email');
});

test('an answer is voted on, with words, and the vote is taken back', async () => {
  const done = { ...TURN, question: 'Q?', answer: 'A.', status: 'done', finished_at: AT, feedback: null };
  server.turns = [done];
  show('conv_1');
  await userEvent.click(await screen.findByRole('button', { name: 'Bad answer' }));
  await userEvent.type(await screen.findByLabelText('Comment'), 'too short');
  const form = screen.getByRole('form', { name: 'What was wrong?' });
  await userEvent.click(within(form).getByRole('button', { name: 'Send' }));
  expect(await screen.findByText('You said:', { exact: false })).toBeDefined();
  await userEvent.click(screen.getByRole('button', { name: 'Bad answer', pressed: true }));
  expect(await screen.findByRole('button', { name: 'Bad answer', pressed: false })).toBeDefined();
  expect(server.calls.filter((call) => call.includes('feedback'))).toEqual([
    'PUT /api/v1/demo/turns/turn_1/feedback {"vote":"down","comment":null}',
    'PUT /api/v1/demo/turns/turn_1/feedback {"vote":"down","comment":"too short"}',
    'DELETE /api/v1/demo/turns/turn_1/feedback',
  ]);
});

test('what is typed survives a reload', async () => {
  const first = show(null);
  await userEvent.type(box(), 'half a thought');
  first.unmount();
  show(null);
  expect(box().value).toBe('half a thought');
});

test('a conversation that is gone says so', async () => {
  server.refuse = { status: 404, msg: 'There is no such conversation.' };
  show('conv_x');
  expect(await screen.findByText('This conversation is not here')).toBeDefined();
});
