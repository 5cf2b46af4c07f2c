/** Arguments as somebody types them into boxes, and as the server takes them. */
import type { Parameter } from '../api/actionFile';
import type { Arguments } from '../api/types';

export type Typed = Record<string, string>;

/** What is typed, by type. A number that is none is sent as typed: the server's refusal says what is wrong with it. */
export function toArguments(parameters: Parameter[], typed: Typed): Arguments {
  const given: Arguments = {};
  for (const { name, type } of parameters) {
    const text = typed[name] ?? '';
    if (text === '') continue;
    const number = Number(text);
    if (type === 'number' && Number.isFinite(number)) given[name] = number;
    else if (type === 'boolean') given[name] = text === 'true';
    else given[name] = text;
  }
  return given;
}

/** Arguments of an earlier run as text, to be run again. */
export function toTyped(given: Arguments): Typed {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
}
