import { client, unwrap } from './client';
import type { Guru } from './types';

/** The gurus the asker may see, at most 200. */
export async function listGurus(): Promise<Guru[]> {
  const page = await unwrap(client.GET('/api/v1/gurus', { params: { query: { limit: 200 } } }));
  return page.items;
}
