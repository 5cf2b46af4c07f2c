/** `refund_status` and `refund-status` → `Refund status`: how an action or parameter is called in running text. */
export function readableName(name: string): string {
  const words = readableWord(name);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The same within a sentence. */
export function readableWord(name: string): string {
  const words = name.split(/[_-]+/).filter((word) => word !== '');
  if (words.length === 0) return name;
  return words.map((word) => (ABBREVIATIONS.has(word.toLowerCase()) ? word.toUpperCase() : word)).join(' ');
}

const ABBREVIATIONS = new Set(['api', 'hr', 'http', 'id', 'mcp', 'pto', 'sap', 'sla', 'url', 'vat']);

/** Two letters for an avatar: `Ana Lopez` → `AL`, `ana@acme.test` → `AN`. */
export function initials(name: string): string {
  const words =
    name
      .split('@')[0]
      ?.split(/[\s._-]+/)
      .filter(Boolean) ?? [];
  const letters =
    words.length > 1 ? `${words[0]?.[0] ?? ''}${words[1]?.[0] ?? ''}` : (words[0] ?? '?').slice(0, 2);
  return letters.toUpperCase();
}

/** `Support (EU)` → `support-eu`: what an address calls it. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, SLUG_CHARS_MAX);
}

const SLUG_CHARS_MAX = 48;
