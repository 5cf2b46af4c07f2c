import { queryOptions } from '@tanstack/react-query';

import { listExecutions } from '../../api/executions';

/** The guru's latest runs, of all actions together: one request feeds every row. */
const RUNS_READ = 200;

export const recentRunsQuery = (guru: string) =>
  queryOptions({
    queryKey: ['executions', guru, 'recent'],
    queryFn: async () => (await listExecutions(guru, {}, null, RUNS_READ)).items,
  });
