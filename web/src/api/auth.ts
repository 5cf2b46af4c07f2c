import { client, unwrapAnonymous } from './client';
import { ApiError } from './error';
import type { Me, SignInMethods } from './types';

/** Who is signed in; null for nobody. */
export async function me(): Promise<Me | null> {
  try {
    return await unwrapAnonymous(client.GET('/api/v1/me'));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** What the sign-in page offers. */
export async function signInMethods(): Promise<SignInMethods> {
  return unwrapAnonymous(client.GET('/api/v1/auth/methods'));
}

export async function signIn(email: string, password: string): Promise<void> {
  await unwrapAnonymous(client.POST('/api/v1/auth/sign-in', { body: { email, password } }));
}

/** Trades a one-time link's token for a session; sets a password when one is given. */
export async function claim(token: string, password: string): Promise<void> {
  const body = password === '' ? { token } : { token, password };
  await unwrapAnonymous(client.POST('/api/v1/auth/claim', { body }));
}

/** Ends the session; where to go on to, when the identity provider's own session is to end too. */
export async function signOut(): Promise<string | null> {
  try {
    // Without a provider there is nothing to read (204).
    const reply = await unwrapAnonymous<{ go_on_to: string } | undefined>(
      client.POST('/api/v1/auth/sign-out'),
    );
    return reply?.go_on_to ?? null;
  } catch (error) {
    // A session that ended by itself is what was asked for.
    if (!(error instanceof ApiError && error.status === 401)) throw error;
    return null;
  }
}
