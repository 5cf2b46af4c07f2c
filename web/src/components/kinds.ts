import type { ActionKind } from '../api/actionFile';

/** What the types of actions are called. */
export const KIND_WORDS: Record<ActionKind, string> = {
  api_call: 'API call',
  python: 'Python',
  agent: 'Agent',
};
