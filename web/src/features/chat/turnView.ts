/**
 * What is shown of a turn, and how each event changes it. Pure: the same events give the same view, whether they come
 * live, replayed after a reload, or twice.
 */
import type { Ending, HostContact, HttpExchange, Phase, TurnEvent } from '../../api/events';
import type { Arguments, ExecutionStatus, Plan, Turn, TurnStatus } from '../../api/types';

export interface ExecutionView {
  id: string;
  action: string;
  arguments: Arguments;
  status: ExecutionStatus;
  /** Server time in ms; null when only the end is known. */
  startedAt: number | null;
  durationMs: number | null;
  /** What it gave back: so far while it runs, whole and masked once it ended. */
  output: string;
  outputTruncated: boolean;
  stderr: string;
  error: string | null;
  /** How a script ended, when it did not end well. */
  ending: Ending | null;
  exchanges: HttpExchange[];
  contacts: HostContact[];
  phases: Phase[];
  maskedCount: number;
}

export interface TurnView {
  id: string;
  question: string;
  status: TurnStatus;
  error: string | null;
  plan: Plan | null;
  executions: ExecutionView[];
  answer: string;
  startedAt: number;
  finishedAt: number | null;
  /** Number of the newest event applied; 0 before the first. */
  lastSeq: number;
  /** False for a view made from a stored turn, which knows no exchanges, stderr or phases. */
  detailed: boolean;
}

/** Before any event. */
export function emptyView(turn: Pick<Turn, 'id' | 'question' | 'created_at'>): TurnView {
  return {
    id: turn.id,
    question: turn.question,
    status: 'running',
    error: null,
    plan: null,
    executions: [],
    answer: '',
    startedAt: Date.parse(turn.created_at),
    finishedAt: null,
    lastSeq: 0,
    detailed: true,
  };
}

/** A turn as the server keeps it. A running one starts empty: its events tell it from the beginning. */
export function viewOfTurn(turn: Turn): TurnView {
  const view = emptyView(turn);
  if (turn.status === 'running') return view;
  return {
    ...view,
    status: turn.status,
    plan: turn.plan ?? null,
    answer: turn.answer ?? '',
    finishedAt: turn.finished_at == null ? null : Date.parse(turn.finished_at),
    detailed: false,
    executions: turn.references.map((reference) => ({
      ...newExecution(reference.execution_id, reference.action, reference.arguments),
      status: reference.status,
      durationMs: reference.duration_ms ?? null,
      output: reference.output ?? '',
      outputTruncated: reference.output_truncated,
      error: reference.error ?? null,
      ending: reference.ending ?? null,
    })),
  };
}

/** The view after `event`. Events already applied change nothing. */
export function applyEvent(view: TurnView, event: TurnEvent): TurnView {
  if (event.seq <= view.lastSeq) return view;
  return { ...change(view, event), lastSeq: event.seq };
}

function change(view: TurnView, event: TurnEvent): TurnView {
  switch (event.type) {
    case 'turn_started':
      return { ...view, question: event.question, startedAt: Date.parse(event.at) };
    case 'planned':
      return { ...view, plan: event.plan };
    case 'action_started':
      return start(view, event);
    case 'action_output':
      return withExecution(view, event.execution_id, (run) =>
        event.stream === 'stderr'
          ? { ...run, stderr: run.stderr + event.text }
          : { ...run, output: run.output + event.text },
      );
    case 'http_exchanged':
      return withExecution(view, event.execution_id, (run) => ({
        ...run,
        exchanges: [...run.exchanges, event.exchange],
      }));
    case 'host_contacted':
      return withExecution(view, event.execution_id, (run) => ({
        ...run,
        contacts: [...run.contacts, event.contact],
      }));
    case 'phase_measured':
      return withExecution(view, event.execution_id, (run) => ({
        ...run,
        phases: [...run.phases, event.phase],
      }));
    case 'action_finished':
      return finish(view, event);
    case 'answer_text':
      return { ...view, answer: view.answer + event.text };
    case 'turn_finished':
      return endTurn(view, event);
    default:
      // A kind of a newer server: it is counted as seen and otherwise left alone.
      return view;
  }
}

type EventOf<K extends TurnEvent['type']> = Extract<TurnEvent, { type: K }>;

function start(view: TurnView, event: EventOf<'action_started'>): TurnView {
  const run: ExecutionView = {
    ...newExecution(event.execution_id, event.action, event.arguments),
    status: 'running',
    startedAt: Date.parse(event.at),
  };
  return { ...view, executions: [...view.executions.filter((other) => other.id !== run.id), run] };
}

/** An action that was refused may end without ever having started: then this is the first that is heard of it. */
function finish(view: TurnView, event: EventOf<'action_finished'>): TurnView {
  const known = view.executions.some((run) => run.id === event.execution_id);
  const planned = view.plan?.steps.find((step) => step.action === event.action);
  const base = known
    ? view
    : {
        ...view,
        executions: [
          ...view.executions,
          newExecution(event.execution_id, event.action, planned?.arguments ?? {}),
        ],
      };
  return withExecution(base, event.execution_id, (run) => ({
    ...run,
    status: event.status,
    durationMs: event.duration_us / 1000,
    output: event.output ?? run.output,
    outputTruncated: event.output_truncated,
    error: event.error ?? null,
    ending: event.ending ?? null,
    maskedCount: event.masked_count,
  }));
}

/** What still runs when the turn ends will send no more: its end is not known here, unless the turn was cancelled. */
function endTurn(view: TurnView, event: EventOf<'turn_finished'>): TurnView {
  const left: ExecutionStatus = event.status === 'cancelled' ? 'cancelled' : 'unknown';
  return {
    ...view,
    status: event.status,
    error: event.error ?? null,
    finishedAt: Date.parse(event.at),
    executions: view.executions.map((run) => (isFinal(run.status) ? run : { ...run, status: left })),
  };
}

function newExecution(id: string, action: string, given: Arguments): ExecutionView {
  return {
    id,
    action,
    arguments: given,
    status: 'queued',
    startedAt: null,
    durationMs: null,
    output: '',
    outputTruncated: false,
    stderr: '',
    error: null,
    ending: null,
    exchanges: [],
    contacts: [],
    phases: [],
    maskedCount: 0,
  };
}

function withExecution(view: TurnView, id: string, to: (run: ExecutionView) => ExecutionView): TurnView {
  return { ...view, executions: view.executions.map((run) => (run.id === id ? to(run) : run)) };
}

export function isFinal(status: ExecutionStatus): boolean {
  return status !== 'queued' && status !== 'running';
}

/** Planned steps that have no execution yet: they wait for a free place. None once the turn ended. */
export function waitingSteps(view: TurnView): Plan['steps'] {
  if (view.status !== 'running' || view.plan === null) return [];
  const begun = view.executions.map((run) => run.action);
  return view.plan.steps.filter((step) => {
    const at = begun.indexOf(step.action);
    if (at < 0) return true;
    begun.splice(at, 1);
    return false;
  });
}

export type TurnPhase = 'planning' | 'acting' | 'answering' | 'ended';

/** What the turn is busy with. */
export function phaseOf(view: TurnView): TurnPhase {
  if (view.status !== 'running') return 'ended';
  if (view.plan === null && view.executions.length === 0 && view.answer === '') return 'planning';
  const acting = waitingSteps(view).length > 0 || view.executions.some((run) => !isFinal(run.status));
  return acting ? 'acting' : 'answering';
}
