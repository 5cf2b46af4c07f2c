import { client, reportSignedOut, unwrap } from './client';
import { errorOf, unreachable } from './error';
import type { TurnEvent } from './events';
import type { TurnStarted } from './types';

export async function startTurn(guru: string, conversation: string, question: string): Promise<TurnStarted> {
  return unwrap(
    client.POST('/api/v1/{guru}/conversations/{id}/turns', {
      params: { path: { guru, id: conversation } },
      body: { question },
    }),
  );
}

export async function cancelTurn(guru: string, id: string): Promise<void> {
  await unwrap(client.POST('/api/v1/{guru}/turns/{id}/cancel', { params: { path: { guru, id } } }));
}

export interface EventsFrom {
  guru: string;
  turn: string;
  /** The number of the last event already seen; 0 for all. */
  after: number;
  signal: AbortSignal;
}

/** Opens a turn's event stream. The caller reads the body. Throws `ApiError` when refused or unreachable. */
export async function openTurnEvents({ guru, turn, after, signal }: EventsFrom): Promise<Response> {
  const path = `/api/v1/${encodeURIComponent(guru)}/turns/${encodeURIComponent(turn)}/events?after=${after}`;
  let response: Response;
  try {
    const headers = { accept: 'text/event-stream' };
    response = await fetch(path, { headers, signal, credentials: 'same-origin', cache: 'no-store' });
  } catch (error) {
    if (signal.aborted) throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  if (response.status === 401) reportSignedOut();
  throw errorOf(response, await response.json().catch(() => null));
}

/** One message's data as an event; null for what is not one, such as a kind that a newer server added. */
export function parseTurnEvent(data: string): TurnEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (!('seq' in value) || typeof value.seq !== 'number') return null;
  if (!('type' in value) || typeof value.type !== 'string') return null;
  return value as TurnEvent;
}
