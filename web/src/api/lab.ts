/** The trigger lab: labelled questions, what came of running them, and what an edit would change. */
import { queryOptions } from '@tanstack/react-query';

import { client, unwrap } from './client';
import type { LabCase, LabCaseBody, LabPlanner, LabRun, Overlap, PastLabRun, Suite } from './types';

/**
 * The figures of a run, as `errand lab run --json` prints them; the OpenAPI document calls them an object. Shares are of
 * 1, times in milliseconds.
 */
export interface Report {
  cases: number;
  firing: { precision: number; recall: number; f1: number; exact_set: number; top1: number };
  arguments: { exact: number; filled: number; false_filled: number; expected: number };
  false_fire_rate: number;
  /** What fired in the place of what; null for nothing. */
  confusions: { expected: string | null; fired: string | null; count: number }[];
  latency_ms: { p50: number; p99: number };
}

/** What was right in one case, and what not. */
export interface CaseOutcome {
  right: string[];
  wrong: string[];
  missed: string[];
  /** `action.parameter: got (expected)` */
  arguments_wrong: string[];
  arguments_missed: string[];
  arguments_invented: string[];
}

export const suitesQuery = (guru: string) =>
  queryOptions({ queryKey: ['lab', guru, 'suites'], queryFn: () => listSuites(guru) });

export const casesQuery = (guru: string, suite: string) =>
  queryOptions({ queryKey: ['lab', guru, suite, 'cases'], queryFn: () => listCases(guru, suite) });

export const labRunsQuery = (guru: string, suite: string) =>
  queryOptions({ queryKey: ['lab', guru, suite, 'runs'], queryFn: () => listLabRuns(guru, suite) });

async function listSuites(guru: string): Promise<Suite[]> {
  const page = await unwrap(client.GET('/api/v1/{guru}/lab/suites', { params: { path: { guru } } }));
  return page.items;
}

/** A suite of the whole guru, or of one action. */
export async function createSuite(guru: string, name: string, action: string | null): Promise<Suite> {
  const params = { path: { guru } };
  return unwrap(client.POST('/api/v1/{guru}/lab/suites', { params, body: { name, action } }));
}

export async function deleteSuite(guru: string, id: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/{guru}/lab/suites/{id}', { params: { path: { guru, id } } }));
}

async function listCases(guru: string, id: string): Promise<LabCase[]> {
  const page = await unwrap(
    client.GET('/api/v1/{guru}/lab/suites/{id}/cases', { params: { path: { guru, id } } }),
  );
  return page.items;
}

/** Adds all of them, or none. */
export async function addCases(guru: string, id: string, cases: LabCaseBody[]): Promise<void> {
  const params = { path: { guru, id } };
  const body = { cases: cases.map(asBody) };
  await unwrap(client.POST('/api/v1/{guru}/lab/suites/{id}/cases', { params, body }));
}

/** Makes a case of a turn: its question, what came before, and what fired as the expected. */
export async function addCaseFromTurn(guru: string, id: string, turn: string): Promise<LabCase> {
  const params = { path: { guru, id } };
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/lab/suites/{id}/cases/from-turn', { params, body: { turn_id: turn } }),
  );
  return reply;
}

export async function changeCase(guru: string, id: string, changed: LabCaseBody): Promise<void> {
  const params = { path: { guru, id } };
  await unwrap(client.PUT('/api/v1/{guru}/lab/cases/{id}', { params, body: asBody(changed) }));
}

export async function deleteCase(guru: string, id: string): Promise<void> {
  await unwrap(client.DELETE('/api/v1/{guru}/lab/cases/{id}', { params: { path: { guru, id } } }));
}

/** Plans every case of a suite; no action runs. */
export async function runSuite(guru: string, id: string, planner: LabPlanner): Promise<LabRun> {
  const params = { path: { guru, id } };
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/lab/suites/{id}/run', { params, body: { planner } }),
  );
  return reply as unknown as LabRun;
}

async function listLabRuns(guru: string, id: string): Promise<PastLabRun[]> {
  const page = await unwrap(
    client.GET('/api/v1/{guru}/lab/suites/{id}/runs', { params: { path: { guru, id } } }),
  );
  return page.items as unknown as PastLabRun[];
}

export async function findOverlaps(guru: string): Promise<Overlap[]> {
  const page = await unwrap(client.GET('/api/v1/{guru}/lab/overlaps', { params: { path: { guru } } }));
  return page.items;
}

type Sent = Omit<LabCaseBody, 'expected'> & { expected: Record<string, never> };

/** The document calls what is expected an object of nothing in particular. */
const asBody = (body: LabCaseBody): Sent => body as unknown as Sent;
