import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { getConversation, listConversations } from '../../api/conversations';

export const conversationKeys = {
  of: (guru: string) => ['conversations', guru] as const,
  list: (guru: string) => ['conversations', guru, 'list'] as const,
  one: (guru: string, id: string) => ['conversations', guru, 'one', id] as const,
  replay: (guru: string, turn: string) => ['turn-replay', guru, turn] as const,
};

export const conversationListQuery = (guru: string) =>
  infiniteQueryOptions({
    queryKey: conversationKeys.list(guru),
    queryFn: ({ pageParam }) => listConversations(guru, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });

export const conversationQuery = (guru: string, id: string) =>
  queryOptions({
    queryKey: conversationKeys.one(guru, id),
    queryFn: () => getConversation(guru, id),
  });
