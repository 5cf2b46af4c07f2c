// @vitest-environment node
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { generate, target } from '../../scripts/schema.mjs';

/** It is a compiler's work, on a machine that may be busy. */
const GENERATING_MS_MAX = 60_000;

test(
  'the client is the one that the server’s document gives; `npm run gen` makes it anew',
  async () => {
    expect(readFileSync(target, 'utf8')).toBe(await generate());
  },
  GENERATING_MS_MAX,
);
