import { queryOptions } from '@tanstack/react-query';

import { listKeys, listMembers, listSessions, listUsers } from '../../api/people';

export const usersQuery = queryOptions({ queryKey: ['users'], queryFn: listUsers });
export const sessionsQuery = queryOptions({ queryKey: ['sessions'], queryFn: listSessions });
export const membersQuery = (guru: string) =>
  queryOptions({ queryKey: ['members', guru], queryFn: () => listMembers(guru) });
export const keysQuery = (guru: string) =>
  queryOptions({ queryKey: ['keys', guru], queryFn: () => listKeys(guru) });
