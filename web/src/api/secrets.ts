import { client, unwrap } from './client';
import type { Secret } from './types';

export async function listSecrets(guru: string): Promise<Secret[]> {
  const page = await unwrap(client.GET('/api/v1/{guru}/secrets', { params: { path: { guru } } }));
  return page.items;
}

/** Creates a secret, or gives it a new value. Left out, its hosts stay as they are. */
export async function setSecret(
  guru: string,
  name: string,
  value: string,
  hosts?: string[],
): Promise<Secret> {
  const params = { path: { guru } };
  const body = { name, value, ...(hosts !== undefined && { hosts }) };
  return unwrap(client.POST('/api/v1/{guru}/secrets', { params, body }));
}

/** Lets it go to these hosts and no others; to any when there are none. */
export async function bindSecret(guru: string, name: string, hosts: string[]): Promise<Secret> {
  const params = { path: { guru, name } };
  return unwrap(client.PATCH('/api/v1/{guru}/secrets/{name}', { params, body: { hosts } }));
}

/** The actions that this disabled. */
export async function deleteSecret(guru: string, name: string): Promise<string[]> {
  const reply = await unwrap(
    client.DELETE('/api/v1/{guru}/secrets/{name}', { params: { path: { guru, name } } }),
  );
  return reply.disabled_actions;
}
