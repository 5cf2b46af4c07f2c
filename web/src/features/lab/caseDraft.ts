/** A case while it is written: boxes of lines in the place of lists. */
import type { LabCaseBody } from '../../api/types';

export interface ExpectedParameter {
  name: string;
  /** Accepted values, one a line; empty: it is to stay empty. */
  values: string;
  /** It is required and stands nowhere, so that the action is to ask for it. */
  asks: boolean;
}

export interface ExpectedAction {
  action: string;
  parameters: ExpectedParameter[];
}

export interface CaseDraft {
  question: string;
  before: string[];
  expected: ExpectedAction[];
  also: string[];
  /** Names on offer, kept as a file gave them. */
  actions: string[];
}

export const EMPTY_CASE: CaseDraft = { question: '', before: [], expected: [], also: [], actions: [] };

export function draftOf({ question, before, expected, also, actions }: LabCaseBody): CaseDraft {
  return {
    question,
    before: before ?? [],
    expected: Object.entries(expected).map(([action, parameters]) => ({
      action,
      parameters: Object.entries(parameters).map(([name, values]) => ({
        name,
        values: (values ?? []).join('\n'),
        asks: values === null,
      })),
    })),
    also: also ?? [],
    actions: actions ?? [],
  };
}

export function bodyOf(draft: CaseDraft): LabCaseBody {
  const before = draft.before.map((text) => text.trim());
  return {
    question: draft.question.trim(),
    before: before.every((text) => text === '') ? [] : before,
    expected: Object.fromEntries(
      draft.expected
        .filter(({ action }) => action !== '')
        .map(({ action, parameters }) => [action, valuesOf(parameters)]),
    ),
    also: draft.also,
    actions: draft.actions,
  };
}

/** What is said of a parameter: nothing at all where it is to stay empty. */
function valuesOf(parameters: ExpectedParameter[]): Record<string, string[] | null> {
  const said = parameters.map(({ name, values, asks }): [string, string[] | null] => [
    name,
    asks ? null : linesOf(values),
  ]);
  return Object.fromEntries(said.filter(([, values]) => values === null || values.length > 0));
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** A box for each parameter that the action has, beside those that the case speaks of already. */
export function withParameters(expected: ExpectedAction, names: string[]): ExpectedAction {
  const more = names.filter((name) => !expected.parameters.some((one) => one.name === name));
  return {
    ...expected,
    parameters: [...expected.parameters, ...more.map((name) => ({ name, values: '', asks: false }))],
  };
}
