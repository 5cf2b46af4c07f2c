import { client, unwrap } from './client';
import type { Guru, GuruChange, System } from './types';

/** The gurus the asker may see. */
export async function listGurus(): Promise<Guru[]> {
  const page = await unwrap(client.GET('/api/v1/gurus'));
  return page.items;
}

export async function changeGuru(guru: string, change: GuruChange): Promise<Guru> {
  return unwrap(client.PATCH('/api/v1/gurus/{guru}', { params: { path: { guru } }, body: change }));
}

/** What this installation is; for super admins. */
export async function getSystem(): Promise<System> {
  return unwrap(client.GET('/api/v1/system'));
}
