/** What several pages read, under one set of keys: a change made on one page is then seen on all. */
import { infiniteQueryOptions, queryOptions, type QueryClient } from '@tanstack/react-query';

import { getAction, listActions, listTemplates } from './actions';
import { signInMethods } from './auth';
import { getExecution, listExecutions, type ExecutionFilter } from './executions';
import { getSystem } from './gurus';
import { listSecrets } from './secrets';

/** How often a page that shows what runs looks for news. */
const NEWS_EVERY_MS = 3_000;
const RUNNING_LOOK_EVERY_MS = 1_000;

export const actionsQuery = (guru: string) =>
  queryOptions({ queryKey: ['actions', guru], queryFn: () => listActions(guru) });

export const actionQuery = (guru: string, name: string) =>
  queryOptions({ queryKey: ['actions', guru, name], queryFn: () => getAction(guru, name) });

export const templatesQuery = queryOptions({
  queryKey: ['templates'],
  queryFn: listTemplates,
  staleTime: Infinity,
});

export const secretsQuery = (guru: string) =>
  queryOptions({ queryKey: ['secrets', guru], queryFn: () => listSecrets(guru) });

export const signInMethodsQuery = queryOptions({
  queryKey: ['sign-in methods'],
  queryFn: signInMethods,
  staleTime: Infinity,
});

export const systemQuery = queryOptions({ queryKey: ['system'], queryFn: getSystem });

export const historyQuery = (guru: string, filter: ExecutionFilter) =>
  infiniteQueryOptions({
    queryKey: ['executions', guru, 'list', filter],
    queryFn: ({ pageParam }) => listExecutions(guru, filter, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    // Older pages are read once: what was looked up there would move under the reader's eyes.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 1) === 1 ? NEWS_EVERY_MS : false),
  });

export const executionQuery = (guru: string, id: string) =>
  queryOptions({
    queryKey: ['executions', guru, 'one', id],
    queryFn: () => getExecution(guru, id),
    refetchInterval: (query) => {
      const status = query.state.data?.status;
      return status === 'running' || status === 'queued' ? RUNNING_LOOK_EVERY_MS : false;
    },
  });

/** After any change of actions or secrets: each tells something about the other. */
export async function renewActions(queries: QueryClient, guru: string): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ['actions', guru] }),
    queries.invalidateQueries({ queryKey: ['secrets', guru] }),
  ]);
}
