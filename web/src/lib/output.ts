/** What an action's output is, so that it can be shown as what it is. */

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Row = Record<string, Json>;

export type Output =
  | { kind: 'empty' }
  | { kind: 'table'; columns: string[]; rows: Row[] }
  | { kind: 'json'; value: Json }
  | { kind: 'text'; text: string };

/** Wider tables are easier to read as a tree. */
const TABLE_COLUMNS_MAX = 20;

export function readOutput(text: string): Output {
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'empty' };
  if (!/^[[{]/.test(trimmed)) return { kind: 'text', text };
  let value: Json;
  try {
    value = JSON.parse(trimmed) as Json;
  } catch {
    return { kind: 'text', text };
  }
  return tableOf(value) ?? { kind: 'json', value };
}

/** A table for an array of objects whose cells are mostly plain values. */
export function tableOf(value: Json): Extract<Output, { kind: 'table' }> | null {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRow)) return null;
  const columns = [...new Set(value.flatMap((row) => Object.keys(row)))];
  if (columns.length === 0 || columns.length > TABLE_COLUMNS_MAX) return null;
  return { kind: 'table', columns, rows: value };
}

export function isRow(value: Json): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface TextPart {
  text: string;
  /** True when `text` is the name of a secret that stood here. */
  secret: boolean;
}

const MASK = /\[secret:([A-Za-z0-9_]+)\]/;

/** Cuts a text at its masks: `key [secret:STRIPE]` → `key `, secret `STRIPE`. */
export function splitSecrets(text: string): TextPart[] {
  return text
    .split(MASK)
    .map((part, index) => ({ text: part, secret: index % 2 === 1 }))
    .filter((part) => part.secret || part.text !== '');
}

/** An error's first sentence says what happened; the rest says what to do. */
export function splitHint(error: string): { what: string; hint: string | null } {
  let ticked = false;
  for (let at = 0; at < error.length - 1; at += 1) {
    if (error[at] === '`') ticked = !ticked;
    const ends = /[.!?]/.test(error[at] ?? '') && /\s/.test(error[at + 1] ?? '');
    if (ends && !ticked && /^\S\s+[A-Z`]/.test(error.slice(at))) {
      return { what: error.slice(0, at + 1), hint: error.slice(at + 1).trim() };
    }
  }
  return { what: error, hint: null };
}
