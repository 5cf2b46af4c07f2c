// Acts as the server for work on the pages: the same addresses and shapes, everything in memory, no rules.
import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

import { at, gurus, sceneOf } from './scenes.mjs';

const dist = fileURLToPath(new URL('../dist', import.meta.url));
const CSP =
  "default-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; form-action 'self'";
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export const PASSWORD = 'correct horse';
export const TOKEN = 'claim-me';
export const EMAIL = 'admin@acme.test';

export function startMock(port) {
  const state = { conversations: [], turns: new Map(), next: 1 };
  seed(state);
  const server = createServer((request, response) => {
    handle(state, request, response).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

async function handle(state, request, response) {
  const url = new URL(request.url, 'http://mock');
  if (!url.pathname.startsWith('/api/')) return serveFile(url.pathname, response);
  const path = url.pathname.replace('/api/v1/', '').split('/').map(decodeURIComponent);
  const body = await readBody(request);
  const send = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(value === undefined ? undefined : JSON.stringify(value));
  };
  const no = (status, msg) => send(status, { msg, code: 'refused' });
  if (request.method !== 'GET' && request.headers['x-errand-csrf'] !== '1')
    return no(403, 'The header `x-errand-csrf` is missing.');
  if (path[0] === 'auth') return auth(path[1], body, response, send, no);
  if (!/errand_session=on/.test(request.headers.cookie ?? ''))
    return no(401, 'You are not signed in. Sign in first.');
  if (path[0] === 'me')
    return send(200, {
      kind: 'user',
      email: EMAIL,
      name: 'Robin Vale',
      role: 'super_admin',
      scopes: ['ask'],
    });
  if (path[0] === 'gurus') return send(200, { items: gurus, next_cursor: null });
  const route = `${request.method} ${path[1]}${path[2] ? '/:id' : ''}${path[3] ? `/${path[3]}` : ''}`;
  const conversation = state.conversations.find(({ id }) => id === path[2]);
  const turn = state.turns.get(path[2]);
  switch (route) {
    case 'GET conversations':
      return send(200, {
        items: state.conversations.filter((c) => c.guru === path[0]).map(summary),
        next_cursor: null,
      });
    case 'POST conversations':
      return send(201, summary(newConversation(state, path[0], 'New', 0)));
    case 'GET conversations/:id':
      if (!conversation) return no(404, 'There is no such conversation.');
      return send(200, {
        ...summary(conversation),
        turns: conversation.turns.map((id) => shape(state.turns.get(id))),
      });
    case 'DELETE conversations/:id':
      state.conversations = state.conversations.filter((other) => other !== conversation);
      return send(204);
    case 'POST conversations/:id/turns':
      if (!conversation) return no(404, 'There is no such conversation.');
      return send(202, {
        turn_id: startTurn(state, conversation, body.question, 1).id,
        conversation_id: conversation.id,
      });
    case 'POST turns/:id/cancel':
      turn.cancelled = true;
      endTurn(turn, 'cancelled', null);
      return send(202, {});
    case 'GET turns/:id/events':
      return stream(turn, Number(url.searchParams.get('after') ?? 0), response);
    default:
      return no(404, 'There is no such address.');
  }
}

function auth(verb, body, response, send, no) {
  const good = verb === 'claim' ? body.token === TOKEN : body.email === EMAIL && body.password === PASSWORD;
  if (verb === 'sign-out') {
    response.setHeader('set-cookie', 'errand_session=; Path=/; Max-Age=0');
    return send(204);
  }
  if (!good) {
    return verb === 'claim'
      ? no(401, 'This link was used before or has expired. Ask your operator for a new one.')
      : no(401, 'The e-mail address or the password is wrong. Try again.');
  }
  response.setHeader('set-cookie', 'errand_session=on; Path=/; HttpOnly; SameSite=Lax');
  return send(200, { kind: 'user', email: EMAIL, scopes: ['ask'] });
}

function stream(turn, after, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const write = (event) => {
    response.write(`id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (event.type === 'turn_finished') response.end();
  };
  turn.events.filter((event) => event.seq > after).forEach(write);
  turn.listeners.add(write);
  response.on('close', () => turn.listeners.delete(write));
}

function newConversation(state, guru, title, minutesAgo) {
  const conversation = {
    id: `conv_${state.next++}`,
    guru,
    title,
    created_at: at(minutesAgo),
    updated_at: at(minutesAgo),
    turns: [],
  };
  state.conversations.unshift(conversation);
  return conversation;
}

/** `pace` 0 acts it out at once, 1 in its own time. */
function startTurn(state, conversation, question, pace) {
  const turn = {
    id: `turn_${state.next++}`,
    conversation_id: conversation.id,
    question,
    status: 'running',
    plan: null,
    created_at: new Date().toISOString(),
    finished_at: null,
    events: [],
    listeners: new Set(),
  };
  const previous = state.turns.get(conversation.turns.at(-1))?.question;
  state.turns.set(turn.id, turn);
  if (conversation.turns.length === 0) conversation.title = question.slice(0, 60);
  conversation.turns.push(turn.id);
  if (pace > 0) conversation.updated_at = turn.created_at;
  turn.over = act(turn, sceneOf(question, previous), pace);
  return turn;
}

async function act(turn, scene, pace) {
  const wait = (ms) => (pace === 0 ? undefined : new Promise((resolve) => setTimeout(resolve, ms * pace)));
  emit(turn, { type: 'turn_started', question: turn.question, source: 'web' });
  if (pace > 0) await wait(500);
  turn.plan = scene.plan;
  emit(turn, { type: 'planned', plan: scene.plan });
  const pending = scene.runs.map((run, index) => ({ ...run, id: `run_${turn.id}_${index}` }));
  const work = async () => {
    for (let run = pending.shift(); run !== undefined; run = pending.shift()) {
      if (pace > 0) await runOne(turn, run, wait);
      else void runOne(turn, run, wait);
    }
  };
  const workers = [work(), work(), work()];
  if (pace > 0) await Promise.all(workers);
  for (const word of scene.answer.match(/\S+\s*/g) ?? []) {
    if (pace > 0) await wait(25);
    emit(turn, { type: 'answer_text', text: word });
  }
  endTurn(turn, scene.error ? 'failed' : 'done', scene.error ?? null);
}

function runOne(turn, run, wait) {
  const about = { execution_id: run.id };
  emit(turn, { type: 'action_started', ...about, action: run.action, arguments: run.arguments });
  const finish = () => {
    if (run.stderr) emit(turn, { type: 'action_output', ...about, stream: 'stderr', text: run.stderr });
    if (run.exchange) emit(turn, { type: 'http_exchanged', ...about, exchange: run.exchange });
    if (run.exchange) {
      const contact = {
        host: 'payments.acme.test',
        port: 443,
        address: '203.0.113.7',
        bytes_sent: 412,
        bytes_received: 2890,
        refused: null,
      };
      emit(turn, { type: 'host_contacted', ...about, contact });
      for (const [name, start_us, duration_us] of [
        ['connect', 0, 31000],
        ['wait', 31000, 240000],
        ['read', 271000, 9000],
      ]) {
        emit(turn, { type: 'phase_measured', ...about, phase: { name, start_us, duration_us } });
      }
    }
    emit(turn, {
      type: 'action_finished',
      ...about,
      action: run.action,
      status: run.status,
      duration_us: run.ms * 1000,
      output: run.output,
      output_truncated: false,
      error: run.error ?? null,
      masked_count: run.masked_count ?? 0,
    });
  };
  const pause = wait(run.ms);
  return pause === undefined ? finish() : pause.then(finish);
}

function endTurn(turn, status, error) {
  if (turn.status !== 'running') return;
  emit(turn, { type: 'turn_finished', status, error });
  turn.status = status;
  turn.finished_at = new Date().toISOString();
}

function emit(turn, event) {
  if (turn.status !== 'running') return;
  const whole = { seq: turn.events.length + 1, at: new Date().toISOString(), ...event };
  turn.events.push(whole);
  for (const listener of turn.listeners) listener(whole);
}

function shape(turn) {
  const { id, conversation_id, question, status, plan, created_at, finished_at, events } = turn;
  const answer = events
    .filter(({ type }) => type === 'answer_text')
    .map(({ text }) => text)
    .join('');
  const references = events
    .filter(({ type }) => type === 'action_finished')
    .map(({ execution_id, action, status: ended, duration_us, output, output_truncated, error }) => ({
      execution_id,
      action,
      arguments: events.find((e) => e.type === 'action_started' && e.execution_id === execution_id).arguments,
      status: ended,
      duration_ms: duration_us / 1000,
      output,
      output_truncated,
      error,
    }));
  return {
    id,
    conversation_id,
    question,
    answer: answer || null,
    status,
    plan,
    references,
    created_at,
    finished_at,
  };
}

function summary({ id, title, created_at, updated_at }) {
  return { id, title, created_at, updated_at };
}

function seed(state) {
  const old = [
    ['Show every state', 3],
    ['Is the site down? Also which tickets breach SLA in the next 3 hours?', 70],
    ['I was charged twice!', 1500],
    ['Where is my refund for order 12345?', 4400],
    ['Please break', 9000],
    ['What is the meaning of all this, and who decides which of the long questions are cut?', 50000],
  ];
  for (const [question, minutesAgo] of old.reverse()) {
    startTurn(state, newConversation(state, 'demo', question, minutesAgo), question, 0);
  }
}

function serveFile(pathname, response) {
  const wanted = join(dist, normalize(pathname));
  const file = existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, 'index.html');
  response.writeHead(200, {
    'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
    'content-security-policy': CSP,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  });
  createReadStream(file).pipe(response);
}

async function readBody(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text === '' ? {} : JSON.parse(text);
}
