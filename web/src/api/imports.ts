import { client, unwrap } from './client';
import type { OpenApiProposals, Proposal } from './types';

/** What a pasted cURL command would be as an action; its credentials are kept as secrets where that is wanted. */
export async function readCurl(guru: string, command: string, store: boolean): Promise<Proposal> {
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/import/curl', {
      params: { path: { guru } },
      body: { command, store_credentials: store },
    }),
  );
  return reply as unknown as Proposal;
}

/** Where an OpenAPI document is: its text, or an address. */
export type OpenApiSource = { document: string } | { url: string };

export async function readOpenApi(guru: string, source: OpenApiSource): Promise<OpenApiProposals> {
  const reply = await unwrap(
    client.POST('/api/v1/{guru}/import/openapi', {
      params: { path: { guru } },
      body: { operations: [], ...source },
    }),
  );
  return reply as unknown as OpenApiProposals;
}
