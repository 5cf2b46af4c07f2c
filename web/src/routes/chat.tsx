import { noop } from '@tanstack/react-query';
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { appRoute } from './app';
import { conversationListQuery, conversationQuery } from '../features/chat/queries';

/** `/g/support/chat` for a new conversation, `/g/support/chat/conv_…` for one that exists: one page, never remounted. */
export const chatRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/g/$guru/chat/{-$conversation}',
  loader: ({ context, params }) => {
    // Begun here, awaited by nobody: the page stands at once, and shows what went wrong itself.
    const { guru, conversation } = params;
    context.queries.infiniteQuery(conversationListQuery(guru)).catch(noop);
    if (conversation !== undefined) context.queries.query(conversationQuery(guru, conversation)).catch(noop);
  },
  component: lazyRouteComponent(() => import('./ChatScreen'), 'ChatScreen'),
});
