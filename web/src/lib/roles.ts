import type { Me } from '../api/types';

/** Whether the pages to build and watch are for this reader. The server decides; this only keeps links away. */
export function mayManage(me: Me): boolean {
  return me.kind === 'user' && (me.role === 'guru_admin' || me.role === 'super_admin');
}
