import type { Guru } from '../api/types';

/** Whether the pages to build and watch are for this reader. The server decides; this only keeps links away. */
export function mayManage(guru: Guru): boolean {
  return guru.scopes.includes('manage');
}
