/** The action file while it is being written, and what it may refer to. */
import type { ActionFile, ApiCall, Parameter, Python } from '../../api/actionFile';

export type StartKind = 'api_call' | 'python';

const FIRST_SCRIPT = `import os

# Parameters, listed secrets and built-in variables are environment variables.
# What the script prints is the result.
print("Hello", os.environ["GURUBASE_GURU_SLUG"])
`;

export function emptyRun(kind: StartKind): ApiCall | Python {
  if (kind === 'python') return { type: 'python', code: FIRST_SCRIPT, secrets: [] };
  return { type: 'api_call', method: 'GET', url: '', headers: [] };
}

export function emptyFile(kind: StartKind): ActionFile {
  return { version: 1, name: '', trigger: '', examples: [], parameters: [], run: emptyRun(kind), usage: '' };
}

export const emptyParameter: Parameter = { name: '', type: 'string', description: '', required: true };

/** A copy under a name that is free. */
export function copyOf(file: ActionFile, taken: string[]): ActionFile {
  const base = `${file.name}_copy`;
  let name = base;
  for (let number = 2; taken.includes(name); number += 1) name = `${base}_${number}`;
  return { ...file, name };
}

/** The file as it is sent: without the lines that were begun and left empty. */
export function toSend(draft: ActionFile): ActionFile {
  const examples = (draft.examples ?? []).map((line) => line.trim()).filter((line) => line !== '');
  return { ...draft, name: draft.name.trim(), examples, run: runToSend(draft.run) };
}

/** An action that has no name yet is called so where one is needed. */
export const UNNAMED = 'new_action';

/** What planners read of the file, so that they can be asked before its name and body are written. */
export function toPlan(draft: ActionFile): ActionFile {
  const { version, name, trigger, examples, parameters, runs_with } = toSend(draft);
  const run: ApiCall = { type: 'api_call', method: 'GET', url: 'https://example.com/' };
  return { version, name: name === '' ? UNNAMED : name, trigger, examples, parameters, runs_with, run };
}

function runToSend(run: ActionFile['run']): ActionFile['run'] {
  if (run.type !== 'api_call') return run;
  const headers = (run.headers ?? []).filter(({ name, value }) => name !== '' || value !== '');
  const body = run.method === 'GET' || run.body === '' ? null : run.body;
  return { ...run, headers, body };
}

export interface Offer {
  name: string;
  kind: 'parameter' | 'secret' | 'built-in';
  detail: string;
}

const BUILT_INS: Offer[] = [
  ['GURUBASE_USER_EMAIL', 'the asker’s e-mail, in the web chat'],
  ['GURUBASE_USER_NAME', 'the asker’s name, in the web chat'],
  ['GURUBASE_USER_GROUPS', 'the asker’s groups, comma-separated'],
  ['GURUBASE_GURU_SLUG', 'this guru’s slug'],
].map(([name = '', detail = '']) => ({ name, kind: 'built-in', detail }));

/** What a request or a script may refer to. */
export function offersOf(draft: ActionFile, secrets: string[]): Offer[] {
  const parameters = (draft.parameters ?? []).filter(({ name }) => name !== '');
  return [
    ...parameters.map(({ name, description }): Offer => ({ name, kind: 'parameter', detail: description })),
    ...secrets.map((name): Offer => ({ name, kind: 'secret', detail: 'secret' })),
    ...BUILT_INS,
  ];
}
