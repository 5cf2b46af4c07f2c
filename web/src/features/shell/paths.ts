/** Where the pages of those who manage a guru are. */
export type ManagePath =
  '/g/$guru/actions' | '/g/$guru/templates' | '/g/$guru/secrets' | '/g/$guru/history' | '/g/$guru/settings';
