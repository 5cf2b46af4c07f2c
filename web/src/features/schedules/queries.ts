import { queryOptions } from '@tanstack/react-query';

import { listSchedules } from '../../api/schedules';

/** What came of the last firing appears by itself. */
const NEWS_EVERY_MS = 15_000;

export const schedulesQuery = (guru: string) =>
  queryOptions({
    queryKey: ['schedules', guru],
    queryFn: () => listSchedules(guru),
    refetchInterval: NEWS_EVERY_MS,
  });
