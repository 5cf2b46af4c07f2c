import type { ExecutionFilter } from '../api/executions';

const FIELDS = ['action', 'status', 'source', 'text', 'from', 'to'] as const;

/** The history's filters as the address has them; what is no filter is dropped. */
export function readHistorySearch(search: Record<string, unknown>): ExecutionFilter {
  const filter: ExecutionFilter = {};
  for (const field of FIELDS) {
    const value = search[field];
    // A text of digits alone is read as a number.
    if (typeof value === 'number') filter[field] = String(value);
    else if (typeof value === 'string' && value !== '') filter[field] = value;
  }
  return filter;
}
