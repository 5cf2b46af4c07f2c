import { client, unwrap } from './client';
import type { Analytics } from './types';

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

/** The address of one of its tables as comma-separated text. */
export function tableAddress(guru: string, by: 'action' | 'source' | 'day', period: Period): string {
  const query = new URLSearchParams({ by, ...period });
  return `/api/v1/${encodeURIComponent(guru)}/analytics/table?${query.toString()}`;
}
