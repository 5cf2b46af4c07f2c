import { QueryClient } from '@tanstack/react-query';
import { createRouter } from '@tanstack/react-router';

import { appRoute, guruRoute, startRoute } from './app';
import { claimRoute, signInRoute } from './auth';
import { chatRoute } from './chat';
import { manageRoutes } from './manage';
import { rootRoute } from './root';
import { sharedRoute } from './shared';
import { ApiError } from '../api/error';

const routeTree = rootRoute.addChildren([
  signInRoute,
  claimRoute,
  sharedRoute,
  appRoute.addChildren([startRoute, guruRoute, chatRoute, manageRoutes]),
]);

export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        // What the server refused it will refuse again.
        retry: (failures, error) =>
          failures < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      },
      mutations: { networkMode: 'always' },
    },
  });
}

export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree,
    context: { queries },
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
