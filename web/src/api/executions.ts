import { client, unwrap } from './client';
import type { Execution, ExecutionStory } from './types';

export const EXECUTIONS_PAGE_SIZE = 50;

export interface ExecutionFilter {
  action?: string;
  /** Comma-separated. */
  status?: string;
  source?: string;
  text?: string;
  from?: string;
  to?: string;
  /** `up` or `down`. */
  vote?: string;
}

export interface ExecutionPage {
  items: Execution[];
  nextCursor: string | null;
}

export async function listExecutions(
  guru: string,
  filter: ExecutionFilter,
  cursor: string | null,
  limit = EXECUTIONS_PAGE_SIZE,
): Promise<ExecutionPage> {
  const query = { ...filter, limit, ...(cursor !== null && { cursor }) };
  const page = await unwrap(client.GET('/api/v1/{guru}/executions', { params: { path: { guru }, query } }));
  return { items: page.items as unknown as Execution[], nextCursor: page.next_cursor ?? null };
}

export async function getExecution(guru: string, id: string): Promise<ExecutionStory> {
  const reply = await unwrap(
    client.GET('/api/v1/{guru}/executions/{id}', { params: { path: { guru, id } } }),
  );
  return reply as unknown as ExecutionStory;
}

/** The address of the runs that a filter lets through, as a file. */
export function exportAddress(guru: string, filter: ExecutionFilter, format: 'csv' | 'json'): string {
  const query = new URLSearchParams({ ...filter, format });
  return `/api/v1/${encodeURIComponent(guru)}/executions/export?${query.toString()}`;
}
