import { expect, test } from 'vitest';

import { copyOf, emptyFile, offersOf, toPlan, toSend, UNNAMED } from './draft';
import { stepOf, type Step } from './steps';
import type { ActionFile } from '../../api/actionFile';

const call: ActionFile = {
  ...emptyFile('api_call'),
  name: 'lookup',
  run: { type: 'api_call', method: 'POST', url: 'https://a.test', headers: [], body: '{}' },
};

test('lines begun and left empty are not sent', () => {
  const sent = toSend({
    ...call,
    name: ' lookup ',
    examples: ['', ' Where is it? '],
    run: {
      type: 'api_call',
      method: 'GET',
      url: 'https://a.test',
      headers: [
        { name: '', value: '' },
        { name: 'X-A', value: '' },
      ],
      body: 'left over',
    },
  });
  expect(sent.name).toBe('lookup');
  expect(sent.examples).toEqual(['Where is it?']);
  expect(sent.run).toMatchObject({ headers: [{ name: 'X-A', value: '' }], body: null });
});

test('planners are asked before name and body are written', () => {
  const begun = toPlan({ ...emptyFile('api_call'), trigger: 'When it rains', examples: ['Rain?', ''] });
  expect(begun).toMatchObject({ name: UNNAMED, trigger: 'When it rains', examples: ['Rain?'] });
  expect(begun.run).toMatchObject({ type: 'api_call', url: expect.stringMatching(/^https:/) as string });
  expect(toPlan({ ...call, usage: 'Short' })).toMatchObject({ name: 'lookup' });
  expect(toPlan({ ...call, usage: 'Short' })).not.toHaveProperty('usage');
});

test('a body goes with every method but GET', () => {
  expect(toSend(call).run).toMatchObject({ body: '{}' });
});

test('a copy has a name that is free', () => {
  expect(copyOf(call, ['lookup']).name).toBe('lookup_copy');
  expect(copyOf(call, ['lookup', 'lookup_copy', 'lookup_copy_2']).name).toBe('lookup_copy_3');
});

test('parameters, secrets and built-in variables are on offer', () => {
  const file: ActionFile = {
    ...call,
    parameters: [
      { name: 'order_id', type: 'string', description: 'The order' },
      { name: '', type: 'string', description: '' },
    ],
  };
  const names = offersOf(file, ['KEY']).map(({ name, kind }) => `${kind} ${name}`);
  expect(names.slice(0, 2)).toEqual(['parameter order_id', 'secret KEY']);
  expect(names).toContain('built-in GURUBASE_GURU_SLUG');
  expect(names).toHaveLength(6);
});

function checkStep(field: string, expected: Step): void {
  expect(stepOf(field)).toBe(expected);
}

test('each field of the file is on one step', () => {
  checkStep('name', 'basics');
  checkStep('examples[3]', 'basics');
  checkStep('parameters[0].name', 'parameters');
  checkStep('run.headers[1].value', 'body');
  checkStep('allowed_hosts[0]', 'body');
  checkStep('timeout_ms', 'usage');
});
