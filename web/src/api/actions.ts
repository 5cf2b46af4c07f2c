import type { ActionFile } from './actionFile';
import { client, CSRF_HEADER, reportSignedOut, unwrap } from './client';
import { errorOf, unreachable } from './error';
import type { HttpExchange, TurnEvent } from './events';
import { parseTurnEvent } from './turns';
import type { Action, Actions, Advice, Arguments, Execution, Plan, Replay, Template } from './types';
import { createSseParser } from '../lib/sse';

/** The document calls a definition an object of nothing in particular. */
const asObject = (file: ActionFile): Record<string, never> => file as unknown as Record<string, never>;
const argumentsObject = (given: Arguments): Record<string, never> => given as Record<string, never>;

export async function listActions(guru: string): Promise<Actions> {
  const reply = await unwrap(client.GET('/api/v1/{guru}/actions', { params: { path: { guru } } }));
  return reply as unknown as Actions;
}

export async function getAction(guru: string, name: string): Promise<Action> {
  const reply = await unwrap(
    client.GET('/api/v1/{guru}/actions/{name}', { params: { path: { guru, name } } }),
  );
  return reply as unknown as Action;
}

export async function createAction(guru: string, file: ActionFile): Promise<Action> {
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/actions', { params: { path: { guru } }, body: asObject(file) }),
  );
  return reply as unknown as Action;
}

/** As `createAction`, where secrets that are not set yet are listed and not refused. */
export async function importAction(guru: string, file: ActionFile): Promise<Action> {
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/actions/import', { params: { path: { guru } }, body: asObject(file) }),
  );
  return reply as unknown as Action;
}

export async function changeAction(guru: string, name: string, file: ActionFile): Promise<Action> {
  const params = { path: { guru, name } };
  const reply = await unwrap(client.PUT('/api/v1/{guru}/actions/{name}', { params, body: asObject(file) }));
  return reply as unknown as Action;
}

export async function deleteAction(guru: string, name: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/{guru}/actions/{name}', { params: { path: { guru, name } } }));
}

export async function setEnabled(guru: string, name: string, enabled: boolean): Promise<Action> {
  const params = { path: { guru, name } };
  const reply = enabled
    ? client.POST('/api/v1/{guru}/actions/{name}/enable', { params })
    : client.POST('/api/v1/{guru}/actions/{name}/disable', { params });
  return (await unwrap<unknown>(reply)) as Action;
}

export async function exportAction(guru: string, name: string): Promise<ActionFile> {
  const reply: unknown = await unwrap(
    client.GET('/api/v1/{guru}/actions/{name}/export', { params: { path: { guru, name } } }),
  );
  return reply as ActionFile;
}

export async function runAction(guru: string, name: string, given: Arguments): Promise<Execution> {
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/actions/{name}/run', {
      params: { path: { guru, name } },
      body: { arguments: argumentsObject(given) },
    }),
  );
  return reply as unknown as Execution;
}

/** Advice on a definition; broken rules are thrown as an `ApiError` with its problems. */
export async function lintAction(guru: string, file: ActionFile, signal: AbortSignal): Promise<Advice[]> {
  const params = { path: { guru } };
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/actions/lint', { params, body: asObject(file), signal }),
  );
  return reply.items;
}

/** The request that a definition would send, masked. */
export async function previewRequest(
  guru: string,
  file: ActionFile,
  given: Arguments,
): Promise<HttpExchange> {
  const reply: unknown = await unwrap(
    client.POST('/api/v1/{guru}/drafts/request', {
      params: { path: { guru } },
      body: { definition: asObject(file), arguments: argumentsObject(given) },
    }),
  );
  return reply as HttpExchange;
}

export interface DraftQuestion {
  guru: string;
  file: ActionFile;
  /** The action whose next version it is; null for a new one. */
  replaces: string | null;
  question: string;
  signal: AbortSignal;
}

/** What a question would fire if the definition were saved and enabled. */
export async function planDraft({ guru, file, replaces, question, signal }: DraftQuestion): Promise<Plan> {
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/drafts/plan', {
      params: { path: { guru } },
      body: { definition: asObject(file), question, ...(replaces !== null && { replaces }) },
      signal,
    }),
  );
  return reply;
}

export interface DraftReplay {
  guru: string;
  file: ActionFile;
  /** The action whose next version it is; null for a new one. */
  replaces: string | null;
}

/** Which of the turns asked lately would go otherwise if the definition were saved and enabled. */
export async function replayDraft({ guru, file, replaces }: DraftReplay): Promise<Replay> {
  return unwrap(
    client.POST('/api/v1/{guru}/drafts/replay', {
      params: { path: { guru } },
      body: { definition: asObject(file), ...(replaces !== null && { replaces }) },
    }),
  );
}

export interface Test {
  guru: string;
  name: string;
  given: Arguments;
  signal: AbortSignal;
  onEvent: (event: TurnEvent) => void;
}

/** Runs an action once and tells its events as they come. */
export async function testAction({ guru, name, given, signal, onEvent }: Test): Promise<void> {
  const path = `/api/v1/${encodeURIComponent(guru)}/actions/${encodeURIComponent(name)}/test`;
  let response: Response;
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { ...CSRF_HEADER, accept: 'text/event-stream', 'content-type': 'application/json' },
      body: JSON.stringify({ arguments: given }),
      credentials: 'same-origin',
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw unreachable();
  }
  if (!response.ok || response.body === null) {
    if (response.status === 401) reportSignedOut();
    throw errorOf(response, await response.json().catch(() => null));
  }
  const parser = createSseParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const message of parser.feed(value)) {
      const event = parseTurnEvent(message.data);
      if (event !== null) onEvent(event);
    }
  }
}

export async function listTemplates(): Promise<Template[]> {
  const page = await unwrap(client.GET('/api/v1/templates'));
  return page.items as unknown as Template[];
}

export async function installTemplate(guru: string, name: string): Promise<Action> {
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/templates/{name}/install', { params: { path: { guru, name } } }),
  );
  return reply as unknown as Action;
}
