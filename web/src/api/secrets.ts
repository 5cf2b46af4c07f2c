import { client, unwrap } from './client';
import type { Secret } from './types';

export async function listSecrets(guru: string): Promise<Secret[]> {
  const page = await unwrap(client.GET('/api/v1/{guru}/secrets', { params: { path: { guru } } }));
  return page.items;
}

/** Creates a secret, or gives it a new value. */
export async function setSecret(guru: string, name: string, value: string): Promise<Secret> {
  const params = { path: { guru } };
  return unwrap(client.POST('/api/v1/{guru}/secrets', { params, body: { name, value } }));
}

/** The actions that this disabled. */
export async function deleteSecret(guru: string, name: string): Promise<string[]> {
  const reply = await unwrap(
    client.DELETE('/api/v1/{guru}/secrets/{name}', { params: { path: { guru, name } } }),
  );
  return reply.disabled_actions;
}
