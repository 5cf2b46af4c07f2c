/**
 * The events of a turn's stream, as docs/api-design.md gives them. The OpenAPI document calls a stream's body text, so
 * these can't be generated from it.
 */
import type { Arguments, ExecutionStatus, Plan, TurnStatus } from './types';

export interface HttpExchange {
  method: string;
  url: string;
  request_headers: [name: string, value: string][];
  request_body: string | null;
  /** Null when no answer came. */
  status: number | null;
  response_headers: [name: string, value: string][];
  response_body: string | null;
  response_truncated: boolean;
}

export interface HostContact {
  host: string;
  port: number;
  address: string | null;
  bytes_sent: number;
  bytes_received: number;
  /** Why it was kept from being reached; null when it was reached. */
  refused: string | null;
}

export interface Phase {
  name: string;
  start_us: number;
  duration_us: number;
}

/** How a script ended, when it did not end well. */
export interface Ending {
  /** One word of the API's list, such as `out_of_memory`. */
  reason: string;
  exit_code?: number | null;
  line?: number | null;
}

interface OfExecution {
  execution_id: string;
}

type Kind =
  | { type: 'turn_started'; question: string; source: string }
  | { type: 'planned'; plan: Plan }
  | ({ type: 'action_started'; action: string; arguments: Arguments } & OfExecution)
  | ({ type: 'action_output'; stream: 'result' | 'stderr'; text: string } & OfExecution)
  | ({ type: 'http_exchanged'; exchange: HttpExchange } & OfExecution)
  | ({ type: 'host_contacted'; contact: HostContact } & OfExecution)
  | ({ type: 'phase_measured'; phase: Phase } & OfExecution)
  | ({
      type: 'action_finished';
      action: string;
      status: ExecutionStatus;
      duration_us: number;
      output: string | null;
      output_truncated: boolean;
      error: string | null;
      ending?: Ending | null;
      masked_count: number;
    } & OfExecution)
  | { type: 'answer_text'; text: string }
  | { type: 'turn_finished'; status: TurnStatus; error: string | null };

/** `seq` counts from 1 without gaps; `at` is RFC 3339. */
export type TurnEvent = { seq: number; at: string } & Kind;
