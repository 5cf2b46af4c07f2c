/** The browser's storage, which may be blocked or full: then nothing is kept, and nothing breaks. */
export function readStored(kind: 'local' | 'session', key: string): string | null {
  try {
    return area(kind).getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a text; null removes it. */
export function writeStored(kind: 'local' | 'session', key: string, value: string | null): void {
  try {
    if (value === null) area(kind).removeItem(key);
    else area(kind).setItem(key, value);
  } catch {
    // Not kept; see above.
  }
}

function area(kind: 'local' | 'session'): Storage {
  return kind === 'local' ? localStorage : sessionStorage;
}
