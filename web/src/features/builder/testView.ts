/** A test as its events tell it: a pure function, so that what is shown follows from what was recorded. */
import type { Ending, HostContact, HttpExchange, Phase, TurnEvent } from '../../api/events';
import type { ExecutionStatus } from '../../api/types';

export interface TestView {
  id: string | null;
  status: ExecutionStatus;
  /** What came so far, and whole once it ended. */
  output: string;
  outputTruncated: boolean;
  stderr: string;
  error: string | null;
  ending: Ending | null;
  durationMs: number | null;
  maskedCount: number;
  exchanges: HttpExchange[];
  contacts: HostContact[];
  phases: Phase[];
}

export const EMPTY_TEST: TestView = {
  id: null,
  status: 'running',
  output: '',
  outputTruncated: false,
  stderr: '',
  error: null,
  ending: null,
  durationMs: null,
  maskedCount: 0,
  exchanges: [],
  contacts: [],
  phases: [],
};

export function applyTestEvent(view: TestView, event: TurnEvent): TestView {
  switch (event.type) {
    case 'action_started':
      return { ...view, id: event.execution_id };
    case 'action_output':
      return event.stream === 'stderr'
        ? { ...view, stderr: view.stderr + event.text }
        : { ...view, output: view.output + event.text };
    case 'http_exchanged':
      return { ...view, exchanges: [...view.exchanges, event.exchange] };
    case 'host_contacted':
      return { ...view, contacts: [...view.contacts, event.contact] };
    case 'phase_measured':
      return { ...view, phases: [...view.phases, event.phase] };
    case 'action_finished':
      return {
        ...view,
        id: event.execution_id,
        status: event.status,
        output: event.output ?? view.output,
        outputTruncated: event.output_truncated,
        error: event.error,
        ending: event.ending ?? null,
        durationMs: event.duration_us / 1000,
        maskedCount: event.masked_count,
      };
    default:
      return view;
  }
}
