import { createRoute, redirect, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';

import { rootRoute } from './root';
import { meQuery, safeReturn, startSession } from './session';
import { signInMethodsQuery } from '../api/queries';
import { ClaimPage } from '../features/auth/ClaimPage';
import { SignInPage } from '../features/auth/SignInPage';

interface SignInSearch {
  next?: string;
  expired?: boolean;
  /** Why the way by the identity provider led back here. */
  problem?: string;
}

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): SignInSearch => ({
    ...(typeof search.next === 'string' && { next: search.next }),
    ...(search.expired === true && { expired: true }),
    ...(typeof search.problem === 'string' && { problem: search.problem }),
  }),
  beforeLoad: async ({ context, search }) => {
    if (search.expired === true) return;
    const me = await context.queries.query({ ...meQuery, staleTime: 'static' });
    if (me !== null) throw redirect({ href: safeReturn(search.next) });
  },
  loader: ({ context }) => context.queries.query({ ...signInMethodsQuery, staleTime: 'static' }),
  component: SignIn,
});

export const claimRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/claim',
  validateSearch: (search: Record<string, unknown>): { token?: string } =>
    // A token of digits alone is read as a number.
    typeof search.token === 'string' || typeof search.token === 'number'
      ? { token: String(search.token) }
      : {},
  loader: ({ context }) => context.queries.query({ ...signInMethodsQuery, staleTime: 'static' }),
  component: Claim,
});

function SignIn() {
  const { next, expired, problem } = signInRoute.useSearch();
  const methods = signInRoute.useLoaderData();
  const enter = useEnter();
  const back = safeReturn(next);
  return (
    <SignInPage
      methods={methods}
      back={back}
      expired={expired === true}
      problem={problem}
      onSignedIn={() => enter(back)}
    />
  );
}

function Claim() {
  const search = claimRoute.useSearch();
  const [token] = useState(search.token ?? '');
  const methods = claimRoute.useLoaderData();
  const navigate = claimRoute.useNavigate();
  const enter = useEnter();
  // The token leaves the address bar and the history at once; it stays in memory until it is used.
  useEffect(() => {
    if (search.token !== undefined) void navigate({ search: {}, replace: true });
  }, [search.token, navigate]);
  return (
    <ClaimPage
      token={token}
      passwords={methods.password}
      onSignedIn={() => enter('/')}
      onSignIn={() => void navigate({ to: '/sign-in', search: {} })}
    />
  );
}

function useEnter(): (to: string) => void {
  const router = useRouter();
  return (to) => {
    startSession(router.options.context.queries);
    router.history.replace(to);
  };
}
