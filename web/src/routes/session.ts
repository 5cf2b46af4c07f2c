/** What every page of a session loads first. */
import { queryOptions, type QueryClient } from '@tanstack/react-query';

import { me } from '../api/auth';
import { listGurus } from '../api/gurus';

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: me, staleTime: Infinity });

export const gurusQuery = queryOptions({ queryKey: ['gurus'], queryFn: listGurus, staleTime: 60_000 });

/** Forgets what an earlier session may have left. */
export function startSession(queries: QueryClient): void {
  queries.clear();
}

/** The address to return to, when it is one of ours; else the start. A foreign one would lead a signed-in reader away. */
export function safeReturn(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])/.test(next) ? next : '/';
}
