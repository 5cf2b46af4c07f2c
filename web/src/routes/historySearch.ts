import type { AuditFilter } from '../api/audit';
import type { ExecutionFilter } from '../api/executions';

const AUDIT_FIELDS = ['actor', 'verb', 'object'] as const;
const FIELDS = ['action', 'status', 'source', 'text', 'from', 'to', 'vote'] as const;

/** The history's filters as the address has them; what is no filter is dropped. */
export function readHistorySearch(search: Record<string, unknown>): ExecutionFilter {
  return readFields(search, FIELDS);
}

/** The same for the audit log. */
export function readAuditSearch(search: Record<string, unknown>): AuditFilter {
  return readFields(search, AUDIT_FIELDS);
}

function readFields<F extends string>(search: Record<string, unknown>, fields: readonly F[]) {
  const filter: Partial<Record<F, string>> = {};
  for (const field of fields) {
    const value = search[field];
    // A text of digits alone is read as a number.
    if (typeof value === 'number') filter[field] = String(value);
    else if (typeof value === 'string' && value !== '') filter[field] = value;
  }
  return filter;
}
