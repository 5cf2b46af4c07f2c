import { client, unwrap } from './client';
import type { Guru } from './types';

/** The gurus the asker may see. */
export async function listGurus(): Promise<Guru[]> {
  const page = await unwrap(client.GET('/api/v1/gurus'));
  return page.items;
}
