/** What the server's words for a sign-in that failed mean to the person: what happened, and what to do. */
const WORDS: Record<string, string> = {
  expired: 'This sign-in took too long, or was begun in another browser. Try again.',
  denied: 'You were not signed in there. Try again, or sign in another way.',
  unreachable: 'The sign-in service could not be reached. Try again in a moment, or tell the operator.',
  not_trusted: 'The answer of the sign-in service was not right, and the operator’s log says why. Try again.',
  no_verified_email:
    'The sign-in service vouches for no e-mail address of yours. Verify it there, or ask the operator.',
  other_domain: 'Your e-mail address is not one that may sign in here. Use your organisation’s account.',
  no_account: 'You have no account here yet. Ask an administrator to let you in.',
  other_person:
    'The account with your e-mail address belongs to somebody else there. Ask an administrator to unlink it.',
  crowded: 'Too many people are signing in at this moment. Try again in a minute.',
};

const UNKNOWN = 'Signing in failed. Try again, or tell the operator.';

export function problemWords(code: string): string {
  return Object.hasOwn(WORDS, code) ? (WORDS[code] ?? UNKNOWN) : UNKNOWN;
}
