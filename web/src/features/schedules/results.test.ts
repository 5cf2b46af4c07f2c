import { expect, test } from 'vitest';

import { EMPTY, receiverWords, toDraft, toResults } from './results';
import type { Results } from '../../api/types';

test('what is saved reads back as it was', () => {
  const results: Results = {
    when: 'on_change',
    to: [
      { type: 'slack', url_secret: 'TEAM_URL' },
      { type: 'email', to: ['ana@acme.test', 'bo@acme.test'] },
      { type: 'webhook', url_secret: 'HOOK_URL', signing_secret: 'HOOK_KEY' },
    ],
  };
  expect(toResults(toDraft(results))).toEqual(results);
  expect(results.to.map(receiverWords)).toEqual([
    'Slack (TEAM_URL)',
    'ana@acme.test, bo@acme.test',
    'a webhook (HOOK_URL)',
  ]);
});

test('nobody is nobody', () => {
  expect(toResults(toDraft(null))).toBeNull();
});

test('addresses may be typed in any way', () => {
  const draft = {
    when: 'always',
    to: [{ ...EMPTY, type: 'email' as const, addresses: ' a@b.c;d@e.f,\n g@h.i ' }],
  };
  expect(toResults(draft)?.to).toEqual([{ type: 'email', to: ['a@b.c', 'd@e.f', 'g@h.i'] }]);
});
