import { expect, test } from 'vitest';

import { readHosts } from './HostsField';

const check = (text: string, expected: string[]) => expect(readHosts(text)).toEqual(expected);

test('hosts are split at commas and spaces', () => {
  check('', []);
  check(' api.stripe.com ', ['api.stripe.com']);
  check('api.stripe.com,*.zendesk.com', ['api.stripe.com', '*.zendesk.com']);
  check('a.com\n b.com,, c.com', ['a.com', 'b.com', 'c.com']);
});
