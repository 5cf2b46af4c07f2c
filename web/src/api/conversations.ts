import { client, unwrap } from './client';
import type { Conversation, ConversationDetail } from './types';

const PAGE_SIZE = 50;

export interface ConversationPage {
  items: Conversation[];
  nextCursor: string | null;
}

export async function listConversations(guru: string, cursor: string | null): Promise<ConversationPage> {
  const query = cursor === null ? { limit: PAGE_SIZE } : { limit: PAGE_SIZE, cursor };
  const page = await unwrap(
    client.GET('/api/v1/{guru}/conversations', { params: { path: { guru }, query } }),
  );
  return { items: page.items, nextCursor: page.next_cursor ?? null };
}

export async function getConversation(guru: string, id: string): Promise<ConversationDetail> {
  const found = await unwrap(
    client.GET('/api/v1/{guru}/conversations/{id}', { params: { path: { guru, id } } }),
  );
  return found as ConversationDetail;
}

export async function createConversation(guru: string): Promise<Conversation> {
  return unwrap(client.POST('/api/v1/{guru}/conversations', { params: { path: { guru } } }));
}

export async function deleteConversation(guru: string, id: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/{guru}/conversations/{id}', { params: { path: { guru, id } } }));
}
