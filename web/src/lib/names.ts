/** `refund_status` and `refund-status` → `Refund status`: how an action or parameter is called in running text. */
export function readableName(name: string): string {
  const words = name.replace(/[_-]+/g, ' ').trim();
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

/** The same within a sentence. */
export function readableWord(name: string): string {
  return name.replace(/[_-]+/g, ' ').trim() || name;
}

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
