import { queryOptions } from '@tanstack/react-query';

import { client, unwrap } from './client';
import type { Guru, GuruChange, PlannerSettings, PlannerTest, Retention, System } from './types';

/** The gurus the asker may see. */
export async function listGurus(): Promise<Guru[]> {
  const page = await unwrap(client.GET('/api/v1/gurus'));
  return page.items;
}

export async function changeGuru(guru: string, change: GuruChange): Promise<Guru> {
  return unwrap(client.PATCH('/api/v1/gurus/{guru}', { params: { path: { guru } }, body: change }));
}

/** What this installation is; for super admins. */
export async function getSystem(): Promise<System> {
  return unwrap(client.GET('/api/v1/system'));
}

/** Who decides what runs. It is changed with the guru. */
export const plannerQuery = (guru: string) =>
  queryOptions({
    queryKey: ['gurus', guru, 'planner'],
    queryFn: () => unwrap(client.GET('/api/v1/gurus/{guru}/planner', { params: { path: { guru } } })),
  });

/** Asks the language model one word, with settings that need not be saved. */
export async function testPlanner(guru: string, settings: PlannerSettings): Promise<PlannerTest> {
  return unwrap(
    client.POST('/api/v1/gurus/{guru}/planner/test', { params: { path: { guru } }, body: settings }),
  );
}

/** What keeping history for so many days would forget; null for the days in force. */
export async function getRetention(guru: string, days: number | null): Promise<Retention> {
  const query = days === null ? {} : { days };
  return unwrap(client.GET('/api/v1/{guru}/retention', { params: { path: { guru }, query } }));
}

export async function createGuru(slug: string, name: string): Promise<Guru> {
  return unwrap(client.POST('/api/v1/gurus', { body: { slug, name: name === '' ? null : name } }));
}

/** With its actions, secrets and history. */
export async function deleteGuru(guru: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/gurus/{guru}', { params: { path: { guru } } }));
}
