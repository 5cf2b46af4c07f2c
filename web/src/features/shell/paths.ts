/** Where the pages of those who manage a guru are. */
export type ManagePath = `/g/$guru/${
  | 'actions'
  | 'templates'
  | 'secrets'
  | 'schedules'
  | 'lab'
  | 'history'
  | 'analytics'
  | 'audit'
  | 'settings'
  | 'members'
  | 'keys'
  | 'users'}`;
