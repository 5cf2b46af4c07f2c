/** The planner's settings while they are written: every box is text. */
import type { PlannerSettings } from '../../api/types';

export interface PlannerDraft {
  kind: PlannerSettings['kind'];
  provider: string;
  model: string;
  baseUrl: string;
  secret: string;
  temperature: string;
  reasoning: string;
  structured: string;
  timeoutSeconds: string;
  outputTokens: string;
  candidates: string;
  inputPrice: string;
  outputPrice: string;
  writesAnswers: boolean;
}

export const PROVIDERS = [
  {
    value: 'openai',
    label: 'OpenAI, or any server that speaks its API',
    address: 'https://api.openai.com/v1',
  },
  { value: 'anthropic', label: 'Anthropic', address: 'https://api.anthropic.com/v1' },
  { value: 'gemini', label: 'Gemini', address: 'https://generativelanguage.googleapis.com/v1beta' },
];

export function draftOf(settings: PlannerSettings): PlannerDraft {
  const text = (value: string | number | null | undefined) => (value == null ? '' : String(value));
  return {
    kind: settings.kind,
    provider: settings.provider ?? 'openai',
    model: text(settings.model),
    baseUrl: text(settings.base_url),
    secret: text(settings.api_key_secret),
    temperature: text(settings.temperature),
    reasoning: text(settings.reasoning),
    structured: text(settings.structured_output),
    timeoutSeconds: settings.timeout_ms == null ? '' : String(settings.timeout_ms / 1000),
    outputTokens: text(settings.output_tokens_max),
    candidates: text(settings.candidates_max),
    inputPrice: text(settings.input_price),
    outputPrice: text(settings.output_price),
    writesAnswers: settings.writes_answers ?? true,
  };
}

/** What is empty is left to its default. */
export function settingsOf(draft: PlannerDraft): PlannerSettings {
  if (draft.kind === 'embedded') return { kind: 'embedded' };
  const seconds = numberOf(draft.timeoutSeconds);
  return {
    kind: 'llm',
    provider: draft.provider,
    model: draft.model.trim(),
    base_url: textOf(draft.baseUrl),
    api_key_secret: textOf(draft.secret),
    temperature: numberOf(draft.temperature),
    reasoning: oneOf(draft.reasoning, ['low', 'medium', 'high'] as const),
    structured_output: oneOf(draft.structured, ['schema', 'tool', 'prompt'] as const),
    timeout_ms: seconds === null ? null : Math.round(seconds * 1000),
    output_tokens_max: numberOf(draft.outputTokens),
    candidates_max: numberOf(draft.candidates),
    input_price: numberOf(draft.inputPrice),
    output_price: numberOf(draft.outputPrice),
    writes_answers: draft.writesAnswers,
  };
}

/** Which box is not a number, before the server is asked: it would only say that the body is wrong. */
export function notNumbers(draft: PlannerDraft): (keyof PlannerDraft)[] {
  const fields = [
    'temperature',
    'timeoutSeconds',
    'outputTokens',
    'candidates',
    'inputPrice',
    'outputPrice',
  ] as const;
  const whole = ['outputTokens', 'candidates'];
  return fields.filter((field) => {
    const text = draft[field].trim();
    if (text === '') return false;
    const number = Number(text);
    return !Number.isFinite(number) || number < 0 || (whole.includes(field) && !Number.isInteger(number));
  });
}

function textOf(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}

function numberOf(text: string): number | null {
  const number = Number(text);
  return text.trim() === '' || !Number.isFinite(number) ? null : number;
}

function oneOf<T extends string>(text: string, known: readonly T[]): T | null {
  return known.find((one) => one === text) ?? null;
}
