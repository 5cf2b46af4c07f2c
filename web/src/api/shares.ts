import { client, unwrap, unwrapAnonymous } from './client';
import type { Audience, NewShare, Share, SharedConversation } from './types';

export async function listShares(guru: string, conversation: string): Promise<Share[]> {
  const params = { path: { guru, id: conversation } };
  const page = await unwrap(client.GET('/api/v1/{guru}/conversations/{id}/shares', { params }));
  return page.items as Share[];
}

export interface ShareWish {
  audience: Audience;
  expires_in_days: number;
}

/** Makes a link. Its address is shown this once. */
export async function createShare(guru: string, conversation: string, wish: ShareWish): Promise<NewShare> {
  const params = { path: { guru, id: conversation } };
  const made = await unwrap(
    client.POST('/api/v1/{guru}/conversations/{id}/shares', { params, body: { ...wish } }),
  );
  return made as NewShare;
}

export async function endShare(guru: string, id: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/{guru}/shares/{id}', { params: { path: { guru, id } } }));
}

/** What a link shows. That it wants a sign-in is an answer, and ends no session. */
export async function readShared(token: string): Promise<SharedConversation> {
  const shared = await unwrapAnonymous(client.POST('/api/v1/shared', { body: { token } }));
  return shared as SharedConversation;
}
