import { client, unwrap } from './client';
import type { ApiKey, Member, Session, User } from './types';

export async function listUsers(): Promise<User[]> {
  const page = await unwrap(client.GET('/api/v1/users'));
  return page.items;
}

export interface Invitation {
  user: User;
  /** Path and query of a link that works once. */
  path: string;
}

export async function inviteUser(email: string, name: string, role: string): Promise<Invitation> {
  const { sign_in_link, ...user } = await unwrap(
    client.POST('/api/v1/users', { body: { email, name, role } }),
  );
  return { user, path: sign_in_link.path };
}

export async function changeUser(id: string, change: { role?: string; name?: string }): Promise<User> {
  return unwrap(client.PATCH('/api/v1/users/{id}', { params: { path: { id } }, body: change }));
}

export async function deleteUser(id: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/users/{id}', { params: { path: { id } } }));
}

export async function newLink(id: string): Promise<string> {
  return (await unwrap(client.POST('/api/v1/users/{id}/link', { params: { path: { id } } }))).path;
}

export async function signOutUser(id: string): Promise<void> {
  await unwrap(client.POST('/api/v1/users/{id}/sign-out', { params: { path: { id } } }));
}

export async function listMembers(guru: string): Promise<Member[]> {
  const page = await unwrap(client.GET('/api/v1/{guru}/members', { params: { path: { guru } } }));
  return page.items;
}

export interface Membership {
  role: string;
  groups: string[];
}

export async function addMember(guru: string, email: string, membership: Membership): Promise<void> {
  const params = { path: { guru } };
  await unwrap(client.POST('/api/v1/{guru}/members', { params, body: { email, ...membership } }));
}

export async function changeMember(guru: string, id: string, membership: Membership): Promise<void> {
  const params = { path: { guru, id } };
  await unwrap(client.PUT('/api/v1/{guru}/members/{id}', { params, body: membership }));
}

export async function removeMember(guru: string, id: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/{guru}/members/{id}', { params: { path: { guru, id } } }));
}

export async function listKeys(guru: string): Promise<ApiKey[]> {
  const page = await unwrap(client.GET('/api/v1/{guru}/keys', { params: { path: { guru } } }));
  return page.items;
}

/** The key itself, which is told this once. */
export async function makeKey(guru: string, name: string, scopes: string[]): Promise<string> {
  const params = { path: { guru } };
  return (await unwrap(client.POST('/api/v1/{guru}/keys', { params, body: { name, scopes } }))).key;
}

export async function endKey(guru: string, id: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/{guru}/keys/{id}', { params: { path: { guru, id } } }));
}

export async function listSessions(): Promise<Session[]> {
  return (await unwrap(client.GET('/api/v1/me/sessions'))).items;
}

export async function endSession(id: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/me/sessions/{id}', { params: { path: { id } } }));
}

export async function setPassword(current: string, next: string): Promise<void> {
  const body = { new_password: next, ...(current !== '' && { current_password: current }) };
  await unwrap(client.POST('/api/v1/me/password', { body }));
}
