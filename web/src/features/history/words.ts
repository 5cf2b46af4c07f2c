/** Statuses and sources as a reader knows them. */
import type { ExecutionStatus } from '../../api/types';
import { statusWords } from '../../components/StatusIcon';

const KNOWN: ExecutionStatus[] = [
  'running',
  'succeeded',
  'failed',
  'refused',
  'timed_out',
  'cancelled',
  'unknown',
];

export const STATUSES = KNOWN.map((value) => ({ value, label: statusWords(value) }));

const SOURCE_WORDS: Record<string, string> = {
  web: 'Web chat',
  test: 'Test',
  manual: 'Triggered by hand',
  schedule: 'Schedule',
  api: 'API',
  widget: 'Widget',
  slack: 'Slack',
  discord: 'Discord',
  jira: 'Jira',
  github: 'GitHub',
  zendesk: 'Zendesk',
  mcp: 'MCP',
  agent: 'Agent',
};

export const SOURCES = Object.entries(SOURCE_WORDS).map(([value, label]) => ({ value, label }));

export const sourceWords = (source: string): string => SOURCE_WORDS[source] ?? source;
