import { client, unwrap } from './client';
import type { Arguments, Delivery, Outlook, Receiver, ReceiverTest, Results, Schedule } from './types';

export async function listSchedules(guru: string): Promise<Schedule[]> {
  const page = await unwrap(client.GET('/api/v1/{guru}/schedules', { params: { path: { guru } } }));
  return page.items;
}

/** What an expression means, and when it would fire. */
export async function previewSchedule(guru: string, cron: string, zone: string): Promise<Outlook> {
  const params = { path: { guru } };
  return unwrap(client.POST('/api/v1/{guru}/schedules/preview', { params, body: { cron, time_zone: zone } }));
}

export interface ScheduleChange {
  cron: string;
  time_zone: string;
  arguments: Arguments;
  overlap: string;
  missed: string;
  /** Null tells nobody. */
  results: Results | null;
  enabled: boolean;
}

export async function putSchedule(guru: string, name: string, change: ScheduleChange): Promise<void> {
  const params = { path: { guru, name } };
  const body = { ...change, arguments: change.arguments as Record<string, never> };
  await unwrap(client.PUT('/api/v1/{guru}/actions/{name}/schedule', { params, body }));
}

export async function deleteSchedule(guru: string, name: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/{guru}/actions/{name}/schedule', { params: { path: { guru, name } } }));
}

/** Whom an action's results were told to lately, newest first. */
export async function listDeliveries(guru: string, name: string): Promise<Delivery[]> {
  const params = { path: { guru, name }, query: { limit: 20 } };
  const page = await unwrap(client.GET('/api/v1/{guru}/actions/{name}/schedule/deliveries', { params }));
  return page.items;
}

/** Sends a receiver a message that says it is a test, once and now. */
export async function testReceiver(guru: string, name: string, receiver: Receiver): Promise<ReceiverTest> {
  const params = { path: { guru, name } };
  return unwrap(
    client.POST('/api/v1/{guru}/actions/{name}/schedule/test-receiver', { params, body: receiver }),
  );
}
