// @vitest-environment node
import { readFileSync } from 'node:fs';

import openapiTS, { astToString } from 'openapi-typescript';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';

test('the client is the one that the server’s document gives; `npm run gen` makes it anew', async () => {
  const generated = astToString(await openapiTS(new URL('openapi.json', import.meta.url)));
  const path = new URL('schema.ts', import.meta.url);
  const stored = readFileSync(path, 'utf8');
  const config = await resolveConfig(path);
  const pretty = await format(stored.slice(0, stored.indexOf('export ')) + generated, {
    ...config,
    parser: 'typescript',
  });
  expect(stored).toBe(pretty);
});
