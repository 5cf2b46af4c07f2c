import { client, unwrapAnonymous } from './client';
import { ApiError } from './error';
import type { Me } from './types';

/** Who is signed in; null for nobody. */
export async function me(): Promise<Me | null> {
  try {
    return await unwrapAnonymous(client.GET('/api/v1/me'));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  await unwrapAnonymous(client.POST('/api/v1/auth/sign-in', { body: { email, password } }));
}

/** Trades a one-time link's token for a session; sets a password when one is given. */
export async function claim(token: string, password: string): Promise<void> {
  const body = password === '' ? { token } : { token, password };
  await unwrapAnonymous(client.POST('/api/v1/auth/claim', { body }));
}

export async function signOut(): Promise<void> {
  try {
    await unwrapAnonymous(client.POST('/api/v1/auth/sign-out'));
  } catch (error) {
    // A session that ended by itself is what was asked for.
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
}
