import { describe, expect, it } from 'vitest';

import { draftOf, notNumbers, settingsOf, type PlannerDraft } from './plannerDraft';
import { problemWords } from './problems';
import { ApiError } from '../../api/error';
import type { PlannerSettings } from '../../api/types';

describe("the planner's boxes", () => {
  const whole: PlannerSettings = {
    kind: 'llm',
    provider: 'anthropic',
    model: 'claude',
    base_url: 'http://127.0.0.1:4000',
    api_key_secret: 'MODEL_KEY',
    temperature: 0,
    reasoning: 'low',
    structured_output: 'tool',
    timeout_ms: 30_500,
    output_tokens_max: 2000,
    candidates_max: 40,
    input_price: 0.25,
    output_price: 2,
    writes_answers: false,
  };

  it('give back what they were filled with', () => expect(settingsOf(draftOf(whole))).toEqual(whole));

  it('leave what is empty to its default', () => {
    const draft = draftOf({ kind: 'llm' });
    expect(settingsOf({ ...draft, model: ' m ', baseUrl: ' ' })).toMatchObject({
      provider: 'openai',
      model: 'm',
      base_url: null,
      temperature: null,
      timeout_ms: null,
      writes_answers: true,
    });
  });

  it('send nothing of a model with the built-in planner', () =>
    expect(settingsOf({ ...draftOf(whole), kind: 'embedded' })).toEqual({ kind: 'embedded' }));

  it.each<[Partial<PlannerDraft>, string[]]>([
    [{ temperature: '0.5', outputTokens: '100', inputPrice: '' }, []],
    [{ temperature: 'warm' }, ['temperature']],
    [{ outputTokens: '10.5', timeoutSeconds: '-1' }, ['timeoutSeconds', 'outputTokens']],
  ])('%j has broken numbers: %j', (part, broken) =>
    expect(notNumbers({ ...draftOf({ kind: 'llm' }), ...part })).toEqual(broken),
  );
});

describe('what is wrong with a field', () => {
  const error = new ApiError('No.', 422, 'invalid', '', [
    { code: 'a', field: 'planner.model', message: 'It is empty.', hint: 'Name it.' },
    { code: 'b', field: 'example_questions[2]', message: 'It is too long.', hint: 'Cut it.' },
  ]);

  it.each([
    ['planner.model', 'It is empty. Name it.'],
    ['example_questions', 'It is too long. Cut it.'],
    ['planner', null],
    ['name', null],
  ])('%s: %s', (field, words) => expect(problemWords(error, field)).toBe(words));
});
