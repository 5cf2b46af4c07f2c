import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, Link, Outlet } from '@tanstack/react-router';

import { messageOf } from '../api/error';
import { Button } from '../components/Button';
import { EmptyState } from '../components/EmptyState';

export interface RouterContext {
  queries: QueryClient;
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => <Failed error={error} onRetry={reset} />,
});

function NotFound() {
  return (
    <main className="h-dvh">
      <EmptyState title="There is no such page">
        Check the address, or{' '}
        <Link to="/" className="text-accent underline underline-offset-3">
          go to the start
        </Link>
        .
      </EmptyState>
    </main>
  );
}

function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <main className="h-dvh">
      <EmptyState
        title="This page could not be loaded"
        actions={<Button onClick={onRetry}>Try again</Button>}
      >
        <p role="alert">{messageOf(error)}</p>
      </EmptyState>
    </main>
  );
}
