// Makes src/api/schema.ts from src/api/openapi.json. `node scripts/schema.mjs` writes it; a test compares it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';

const source = new URL('../src/api/openapi.json', import.meta.url);
export const target = new URL('../src/api/schema.ts', import.meta.url);

/** The client's types. Operations are known by path and method; their ids are left out, as nothing uses them. */
export async function generate() {
  const document = JSON.parse(readFileSync(source, 'utf8'));
  for (const methods of Object.values(document.paths)) {
    for (const operation of Object.values(methods)) delete operation.operationId;
  }
  const types = COMMENT_HEADER + astToString(await openapiTS(document));
  return format(types, { ...(await resolveConfig(fileURLToPath(target))), parser: 'typescript' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, await generate());
