import { queryOptions } from '@tanstack/react-query';

import { client, unwrap } from './client';
import type { Backups } from './types';

/** How often one that is being written is looked at. */
const PROGRESS_EVERY_MS = 1_000;

/** Backups that the server made of its database, and the one under way; for super admins. */
export const backupsQuery = queryOptions({
  queryKey: ['backups'],
  queryFn: () => unwrap(client.GET('/api/v1/system/backups')),
  refetchInterval: (query) => (query.state.data?.making == null ? false : PROGRESS_EVERY_MS),
});

export async function startBackup(): Promise<Backups> {
  return unwrap(client.POST('/api/v1/system/backups'));
}

export async function deleteBackup(name: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/system/backups/{name}', { params: { path: { name } } }));
}

/** Where a backup's file is fetched. */
export function backupAddress(name: string): string {
  return `/api/v1/system/backups/${encodeURIComponent(name)}`;
}
