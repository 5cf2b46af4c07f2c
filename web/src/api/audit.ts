import { client, unwrap } from './client';
import type { AuditCheck, AuditEntry } from './types';

const PAGE_SIZE = 50;

export interface AuditFilter {
  actor?: string;
  verb?: string;
  object?: string;
}

export interface AuditPage {
  items: AuditEntry[];
  nextCursor: string | null;
}

/** A guru's changes, newest first. */
export async function listAudit(
  guru: string,
  filter: AuditFilter,
  cursor: string | null,
): Promise<AuditPage> {
  const query = { ...filter, limit: PAGE_SIZE, ...(cursor !== null && { cursor }) };
  const page = await unwrap(client.GET('/api/v1/{guru}/audit', { params: { path: { guru }, query } }));
  return { items: page.items, nextCursor: page.next_cursor ?? null };
}

/** Walks the whole log's chain of hashes; for super admins. */
export async function checkAudit(): Promise<AuditCheck> {
  return unwrap(client.GET('/api/v1/system/audit/check'));
}
