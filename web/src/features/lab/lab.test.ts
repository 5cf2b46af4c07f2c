import { describe, expect, it } from 'vitest';

import { bodyOf, draftOf, withParameters } from './caseDraft';
import { readCaseFile } from './caseFile';
import { figuresOf, percent } from './figures';
import type { Report } from '../../api/lab';
import type { LabCaseBody } from '../../api/types';

const report = (part: Partial<Report['firing']> = {}, more: Partial<Report> = {}): Report => ({
  cases: 4,
  firing: { precision: 1, recall: 0.75, f1: 0.857, exact_set: 0.5, top1: 1, ...part },
  arguments: { exact: 1, filled: 1, false_filled: 0, expected: 3 },
  false_fire_rate: 0,
  confusions: [],
  latency_ms: { p50: 3.2, p99: 12 },
  ...more,
});

describe('percent', () => {
  it.each([
    [0, '0%'],
    [1, '100%'],
    [0.857142, '85.7%'],
    [0.9999, '99.9%'],
    [0.0001, '0.1%'],
  ])('%d is %s', (share, words) => expect(percent(share)).toBe(words));
});

describe('figures', () => {
  const changes = (now: Report, before: Report | null) =>
    Object.fromEntries(figuresOf(now, before).map(({ name, change }) => [name, change]));

  it('tell what moved since the run before, and whether that is good', () => {
    const moved = changes(report({ recall: 1 }, { false_fire_rate: 0.1 }), report());
    expect(moved.Recall).toEqual({ words: '+25', better: true });
    expect(moved['False fires']).toEqual({ words: '+10', better: false });
    expect(moved.Precision).toBeNull();
  });

  it('say nothing of arguments where none was expected', () => {
    const none = report({}, { arguments: { exact: 0, filled: 0, false_filled: 0, expected: 0 } });
    expect(figuresOf(none, report()).find(({ name }) => name === 'Arguments right')).toMatchObject({
      value: '–',
      change: null,
    });
  });
});

describe('a case as a draft', () => {
  const whole: LabCaseBody = {
    question: 'Where is it?',
    before: ['Refund?', 'Which order?'],
    expected: { refund_lookup: { order_id: ['12345', '#12345'], email: null }, outage_status: {} },
    also: ['order_status'],
    actions: [],
  };

  it('goes to boxes and back unchanged', () => expect(bodyOf(draftOf(whole))).toEqual(whole));

  it('says nothing of a parameter that is to stay empty', () => {
    const draft = draftOf({ question: ' a ', expected: { refund_lookup: {} } });
    const filled = withParameters({ action: 'refund_lookup', parameters: [] }, ['order_id']);
    expect(bodyOf({ ...draft, expected: [filled, { action: '', parameters: [] }] })).toEqual({
      question: 'a',
      before: [],
      expected: { refund_lookup: {} },
      also: [],
      actions: [],
    });
  });
});

describe('a case file', () => {
  it.each([
    ['{"question": "a", "expected": {}}\n\n{"question": "b", "expected": {"x": {}}}\n', 2],
    ['{"question": "a", "expected": {}}\nnonsense', 'Line 2'],
    ['{"question": "a"}', 'Line 1'],
    ['\n\n', 'no case'],
  ])('%j', (text, outcome) => {
    const read = readCaseFile(text);
    if (typeof outcome === 'number') expect('cases' in read && read.cases).toHaveLength(outcome);
    else expect('problem' in read && read.problem).toContain(outcome);
  });
});
