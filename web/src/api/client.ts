/** The one way to the server: typed calls, errors as `ApiError`, and word of an ended session. */
import createClient from 'openapi-fetch';

import { errorOf, unreachable } from './error';
import type { paths } from './schema';

/** Sent with everything: a foreign page can't add it without a preflight, which the server refuses. */
export const CSRF_HEADER = { 'x-errand-csrf': '1' } as const;

const signedOut = new EventTarget();

/** Calls `listener` when the server no longer knows the session. Returns the way to stop. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.addEventListener('signed-out', listener);
  return () => signedOut.removeEventListener('signed-out', listener);
}

export function reportSignedOut(): void {
  signedOut.dispatchEvent(new Event('signed-out'));
}

export const client = createClient<paths>({
  baseUrl: globalThis.location.origin,
  headers: CSRF_HEADER,
  credentials: 'same-origin',
  fetch: async (request) => {
    try {
      return await fetch(request);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw unreachable();
    }
  },
});

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of a reply, or its error thrown. A 401 ends the session everywhere. */
export async function unwrap<T>(reply: Promise<Reply<T>>): Promise<T> {
  const { data, error, response } = await reply;
  if (response.ok) return data as T;
  if (response.status === 401) reportSignedOut();
  throw errorOf(response, error);
}

/** As `unwrap`, for calls where 401 is an answer and not the end of a session. */
export async function unwrapAnonymous<T>(reply: Promise<Reply<T>>): Promise<T> {
  const { data, error, response } = await reply;
  if (response.ok) return data as T;
  throw errorOf(response, error);
}
