import { client, unwrap } from './client';
import type { Feedback, Judged, Vote } from './types';

/** Votes on an answer, in place of the vote before. */
export async function vote(
  guru: string,
  turn: string,
  cast: Vote,
  comment: string | null,
): Promise<Feedback> {
  const params = { path: { guru, id: turn } };
  const reply = await unwrap(
    client.PUT('/api/v1/{guru}/turns/{id}/feedback', { params, body: { vote: cast, comment } }),
  );
  return reply as Feedback;
}

export async function takeVoteBack(guru: string, turn: string): Promise<void> {
  const params = { path: { guru, id: turn } };
  await unwrap(client.DELETE('/api/v1/{guru}/turns/{id}/feedback', { params }));
}

export interface JudgedPage {
  items: Judged[];
  nextCursor: string | null;
}

/** What askers thought of answers, newest answer first. */
export async function listFeedback(guru: string, cast: Vote, cursor: string | null): Promise<JudgedPage> {
  const query = { vote: cast, limit: 50, ...(cursor !== null && { cursor }) };
  const page = await unwrap(client.GET('/api/v1/{guru}/feedback', { params: { path: { guru }, query } }));
  return { items: page.items as Judged[], nextCursor: page.next_cursor ?? null };
}
