import type { ActionFile } from '../../api/actionFile';

export const STEPS = ['basics', 'parameters', 'body', 'usage', 'test'] as const;
export type Step = (typeof STEPS)[number];

export function isStep(text: string | undefined): text is Step {
  return (STEPS as readonly string[]).includes(text ?? '');
}

export function stepWords(step: Step, file: ActionFile): string {
  switch (step) {
    case 'basics':
      return 'Basics';
    case 'parameters':
      return 'Parameters';
    case 'body':
      return file.run.type === 'api_call' ? 'Request' : file.run.type === 'python' ? 'Script' : 'Agent';
    case 'usage':
      return 'Usage';
    case 'test':
      return 'Test';
  }
}

/** The step on which a field of the action file is. */
export function stepOf(field: string): Step {
  const root = field.split(/[.[]/)[0] ?? '';
  if (root === 'parameters') return 'parameters';
  if (root === 'run' || root === 'allowed_hosts') return 'body';
  if (root === 'usage' || root === 'answer' || root === 'timeout_ms' || root === 'runs_with') return 'usage';
  return 'basics';
}
