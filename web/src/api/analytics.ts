import { client, unwrap } from './client';
import type { Analytics, ModelCall, ModelUseByGuru } from './types';

export interface Period {
  from: string;
  to: string;
}

export async function getAnalytics(guru: string, period: Period): Promise<Analytics> {
  return unwrap(client.GET('/api/v1/{guru}/analytics', { params: { path: { guru }, query: { ...period } } }));
}

export async function listUnmatched(guru: string, period: Period) {
  const query = { ...period, limit: 50 };
  const page = await unwrap(
    client.GET('/api/v1/{guru}/analytics/unmatched', { params: { path: { guru }, query } }),
  );
  return page.items;
}

export interface CallsPage {
  items: ModelCall[];
  nextCursor: string | null;
}

/** What a language model was asked for, call by call, newest first. */
export async function listModelCalls(
  guru: string,
  model: string,
  period: Period,
  cursor: string | null,
): Promise<CallsPage> {
  const query = { ...period, model, limit: 25, ...(cursor !== null && { cursor }) };
  const params = { path: { guru }, query };
  const page = await unwrap(client.GET('/api/v1/{guru}/analytics/model-calls', { params }));
  return { items: page.items, nextCursor: page.next_cursor ?? null };
}

/** What language models cost each guru; for super admins. */
export async function getModelUseByGuru(period: Period): Promise<ModelUseByGuru> {
  return unwrap(client.GET('/api/v1/system/model-use', { params: { query: { ...period } } }));
}

/** The address of one of its tables as comma-separated text. */
export function tableAddress(
  guru: string,
  by: 'action' | 'source' | 'day' | 'model' | 'model_day',
  period: Period,
): string {
  const query = new URLSearchParams({ by, ...period });
  return `/api/v1/${encodeURIComponent(guru)}/analytics/table?${query.toString()}`;
}
