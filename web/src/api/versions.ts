import { client, unwrap } from './client';
import type { Action, Difference, Version } from './types';

const PAGE_SIZE = 50;

export async function listVersions(guru: string, name: string): Promise<Version[]> {
  const page = await unwrap(
    client.GET('/api/v1/{guru}/actions/{name}/versions', {
      params: { path: { guru, name }, query: { limit: PAGE_SIZE } },
    }),
  );
  return page.items;
}

/** What a version changed, against the one before or against `from`. */
export async function compareVersions(
  guru: string,
  name: string,
  version: number,
  from?: number,
): Promise<Difference> {
  const query = from === undefined ? {} : { from };
  return unwrap(
    client.GET('/api/v1/{guru}/actions/{name}/versions/{version}/diff', {
      params: { path: { guru, name, version }, query },
    }),
  );
}

export async function restoreVersion(guru: string, name: string, version: number): Promise<Action> {
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/actions/{name}/versions/{version}/restore', {
      params: { path: { guru, name, version } },
    }),
  );
  return reply as unknown as Action;
}
