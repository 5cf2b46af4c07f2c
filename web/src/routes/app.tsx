import { createRoute, Link, Outlet, redirect } from '@tanstack/react-router';

import { rootRoute } from './root';
import { gurusQuery, meQuery } from './session';
import { EmptyState } from '../components/EmptyState';
import { readStored } from '../lib/storage';

/** Where the guru asked last is kept. */
export const LAST_GURU = 'errand.guru';

/** Everything behind the sign-in. */
export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  beforeLoad: async ({ context, location }) => {
    const me = await context.queries.query({ ...meQuery, staleTime: 'static' });
    if (me === null) throw redirect({ to: '/sign-in', search: { next: location.href } });
    return { me, gurus: await context.queries.query({ ...gurusQuery, staleTime: 'static' }) };
  },
  component: Outlet,
});

export const startRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  beforeLoad: ({ context }) => {
    const last = readStored('local', LAST_GURU);
    const guru = context.gurus.find(({ slug }) => slug === last) ?? context.gurus[0];
    if (guru !== undefined)
      throw redirect({ to: '/g/$guru/chat/{-$conversation}', params: { guru: guru.slug } });
  },
  component: NoGuru,
});

export const guruRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/g/$guru',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/g/$guru/chat/{-$conversation}', params: { guru: params.guru } });
  },
});

function NoGuru() {
  return (
    <main className="h-dvh">
      <EmptyState title="No guru to ask yet">
        You can't see any guru. Ask your operator to add you to one, then{' '}
        <Link to="/" reloadDocument className="text-accent underline underline-offset-3">
          look again
        </Link>
        .
      </EmptyState>
    </main>
  );
}
