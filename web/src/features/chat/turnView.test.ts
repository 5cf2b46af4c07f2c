import { expect, test } from 'vitest';

import type { TurnEvent } from '../../api/events';
import type { Turn } from '../../api/types';
import { applyEvent, emptyView, phaseOf, viewOfTurn, waitingSteps, type TurnView } from './turnView';

const AT = '2026-11-23T10:00:00.000Z';
const START = { id: 'turn_1', question: 'Where is it?', created_at: AT };

/** As much of an event as a case is about. */
type Loose = { type: TurnEvent['type'] } & Record<string, unknown>;

/** Events numbered from 1, all at one moment. */
function numbered(events: Loose[]): TurnEvent[] {
  return events.map((event, index) => ({ seq: index + 1, at: AT, ...event }) as unknown as TurnEvent);
}

function play(events: Loose[], from: TurnView = emptyView(START)): TurnView {
  return numbered(events).reduce(applyEvent, from);
}

function check(events: Loose[], expected: Partial<TurnView>): TurnView {
  const view = play(events);
  expect(view).toMatchObject(expected);
  return view;
}

const step = (action: string, args: Record<string, string> = {}) => ({
  action,
  action_version: 1,
  arguments: args,
  origins: [],
  runs_with: null,
});

const plan = (...actions: string[]) => ({
  version: 1,
  planner: 'embedded',
  steps: actions.map((action) => step(action)),
  missing: [],
  considered: [],
  considered_left_out: 0,
  trail: [],
  model_calls: [],
  notices: [],
});

const started = (id: string, action = 'refund'): Loose => ({
  type: 'action_started',
  execution_id: id,
  action,
  arguments: { order_id: '12345' },
});

const finished = (id: string, more: Record<string, unknown> = {}): Loose => ({
  type: 'action_finished',
  execution_id: id,
  action: 'refund',
  status: 'succeeded',
  duration_us: 412_500,
  output: 'done',
  output_truncated: false,
  error: null,
  masked_count: 0,
  ...more,
});

const ended = (status = 'done', error: string | null = null): Loose => ({
  type: 'turn_finished',
  status,
  error,
});

test('answer chunks are joined in order', () => {
  check(
    [
      { type: 'answer_text', text: 'It is ' },
      { type: 'answer_text', text: 'on its way.' },
    ],
    { answer: 'It is on its way.', status: 'running', lastSeq: 2 },
  );
});

test('an execution goes from running to its end, in ms', () => {
  const view = check([started('run_1'), finished('run_1', { masked_count: 2 })], {});
  expect(view.executions).toEqual([
    expect.objectContaining({
      id: 'run_1',
      status: 'succeeded',
      durationMs: 412.5,
      output: 'done',
      maskedCount: 2,
      startedAt: Date.parse(AT),
      arguments: { order_id: '12345' },
    }),
  ]);
});

test('partial output is kept apart from stderr and replaced by the whole output', () => {
  const chunks: Loose[] = [
    started('run_1'),
    { type: 'action_output', execution_id: 'run_1', stream: 'result', text: 'par' },
    { type: 'action_output', execution_id: 'run_1', stream: 'result', text: 'tial' },
    { type: 'action_output', execution_id: 'run_1', stream: 'stderr', text: 'warning' },
  ];
  expect(play(chunks).executions[0]).toMatchObject({
    output: 'partial',
    stderr: 'warning',
    status: 'running',
  });
  expect(play([...chunks, finished('run_1')]).executions[0]).toMatchObject({
    output: 'done',
    stderr: 'warning',
  });
});

test('partial output stays when the end carries none', () => {
  const view = play([
    started('run_1'),
    { type: 'action_output', execution_id: 'run_1', stream: 'result', text: 'so far' },
    finished('run_1', { output: null, status: 'timed_out', error: 'No answer came.' }),
  ]);
  expect(view.executions[0]).toMatchObject({
    output: 'so far',
    status: 'timed_out',
    error: 'No answer came.',
  });
});

test('parallel executions do not mix', () => {
  const view = play([
    started('run_1'),
    started('run_2', 'outage'),
    { type: 'action_output', execution_id: 'run_2', stream: 'result', text: 'two' },
    finished('run_1', { status: 'failed', error: 'It failed.' }),
  ]);
  expect(view.executions.map((run) => [run.id, run.status, run.output])).toEqual([
    ['run_1', 'failed', 'done'],
    ['run_2', 'running', 'two'],
  ]);
});

test('an action refused before it started shows up with its planned arguments', () => {
  const refused = plan('refund');
  refused.steps = [step('refund', { order_id: '7' })];
  const view = play([
    { type: 'planned', plan: refused },
    finished('run_1', { status: 'refused', output: null }),
  ]);
  expect(view.executions).toHaveLength(1);
  expect(view.executions[0]).toMatchObject({
    status: 'refused',
    arguments: { order_id: '7' },
    startedAt: null,
  });
});

test('exchanges, contacts and phases land at their execution', () => {
  const exchange = { method: 'GET', url: 'https://a.test', status: 200 };
  const contact = { host: 'a.test', port: 443, refused: null };
  const phase = { name: 'connect', start_us: 0, duration_us: 5 };
  const view = play([
    started('run_1'),
    { type: 'http_exchanged', execution_id: 'run_1', exchange },
    { type: 'host_contacted', execution_id: 'run_1', contact },
    { type: 'phase_measured', execution_id: 'run_1', phase },
  ]);
  expect(view.executions[0]).toMatchObject({ exchanges: [exchange], contacts: [contact], phases: [phase] });
});

test('events seen already change nothing, to the very object', () => {
  const events = numbered([started('run_1'), finished('run_1'), { type: 'answer_text', text: 'A' }, ended()]);
  const once = events.reduce(applyEvent, emptyView(START));
  const twice = events.reduce(applyEvent, once);
  expect(twice).toBe(once);
});

test('any cut of the stream, replayed from any earlier point, gives the same view', () => {
  const events = numbered([
    { type: 'turn_started', question: 'Where is it?', source: 'web' },
    { type: 'planned', plan: plan('refund', 'outage') },
    started('run_1'),
    started('run_2', 'outage'),
    finished('run_2', { action: 'outage' }),
    finished('run_1'),
    { type: 'answer_text', text: 'Both ' },
    { type: 'answer_text', text: 'done.' },
    ended(),
  ]);
  const whole = events.reduce(applyEvent, emptyView(START));
  for (let cut = 0; cut <= events.length; cut += 1) {
    for (let back = 0; back <= cut; back += 1) {
      const before = events.slice(0, cut).reduce(applyEvent, emptyView(START));
      expect(events.slice(back).reduce(applyEvent, before)).toEqual(whole);
    }
  }
});

test('an unknown kind of event is counted and otherwise left alone', () => {
  const view = play([{ type: 'answer_text', text: 'A' }, { type: 'weather_changed' as 'answer_text' }]);
  expect(view).toMatchObject({ answer: 'A', lastSeq: 2 });
});

test('what runs when the turn is cancelled is cancelled; when it ends otherwise, unknown', () => {
  expect(play([started('run_1'), ended('cancelled')]).executions[0]?.status).toBe('cancelled');
  expect(play([started('run_1'), ended('failed', 'It broke.')])).toMatchObject({
    status: 'failed',
    error: 'It broke.',
    executions: [{ status: 'unknown' }],
  });
});

test('steps wait until each has an execution of its own', () => {
  const names = (events: Loose[]) => waitingSteps(play(events)).map((waiting) => waiting.action);
  const planned: Loose = { type: 'planned', plan: plan('refund', 'refund', 'outage') };
  expect(names([planned])).toEqual(['refund', 'refund', 'outage']);
  expect(names([planned, started('run_1')])).toEqual(['refund', 'outage']);
  expect(names([planned, started('run_1'), started('run_2')])).toEqual(['outage']);
  expect(names([planned, started('run_1'), ended()])).toEqual([]);
});

test('the phase follows what the turn is busy with', () => {
  const planned: Loose = { type: 'planned', plan: plan('refund') };
  const phase = (events: Loose[]) => phaseOf(play(events));
  expect(phase([])).toBe('planning');
  expect(phase([planned])).toBe('acting');
  expect(phase([planned, started('run_1')])).toBe('acting');
  expect(phase([planned, started('run_1'), finished('run_1')])).toBe('answering');
  expect(phase([{ type: 'planned', plan: plan() }])).toBe('answering');
  expect(phase([ended()])).toBe('ended');
});

const STORED: Turn = {
  ...START,
  conversation_id: 'conv_1',
  answer: 'Done.',
  status: 'done',
  plan: plan('refund'),
  references: [
    {
      execution_id: 'run_1',
      action: 'refund',
      arguments: {},
      status: 'failed',
      duration_ms: 12.5,
      output: null,
      output_truncated: false,
      error: 'It failed.',
    },
  ],
  finished_at: AT,
};

test('a stored turn is shown from its references', () => {
  expect(viewOfTurn(STORED)).toMatchObject({
    status: 'done',
    answer: 'Done.',
    detailed: false,
    finishedAt: Date.parse(AT),
    executions: [{ id: 'run_1', status: 'failed', durationMs: 12.5, output: '', error: 'It failed.' }],
  });
});

test('a running turn starts empty, whatever is stored of it, for its events tell it from the beginning', () => {
  const view = viewOfTurn({ ...STORED, status: 'running', answer: 'Do', finished_at: null });
  expect(view).toMatchObject({ status: 'running', answer: '', executions: [], lastSeq: 0 });
});
