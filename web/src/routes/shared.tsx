import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { rootRoute } from './root';

/** `/shared#<token>`: what stands after `#` is sent to no server and written into no log. */
export const sharedRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/shared',
  component: lazyRouteComponent(() => import('./SharedScreen'), 'SharedScreen'),
});
