import { Lock } from 'lucide-react';
import { Fragment } from 'react';

import { splitSecrets } from '../lib/output';

/** Where a secret's value was taken out. */
export function SecretBadge({ name }: { name: string }) {
  return (
    <span
      title={`The value of ${name} stood here and was masked.`}
      className="mx-0.5 inline-flex items-center gap-1 rounded-md bg-warn-soft px-1.5 align-baseline font-mono text-[0.85em] text-warn"
    >
      <Lock aria-hidden className="size-[0.85em]" />
      <span className="sr-only">masked secret </span>
      {name}
    </span>
  );
}

/** A text with its masks as badges. */
export function SecretText({ text }: { text: string }) {
  return splitSecrets(text).map((part, index) => (
    <Fragment key={index}>{part.secret ? <SecretBadge name={part.text} /> : part.text}</Fragment>
  ));
}

/** A message of the server: `names` in backticks stand out, masks are badges. */
export function MessageText({ text }: { text: string }) {
  return text.split('`').map((part, index) =>
    index % 2 === 1 ? (
      <code key={index} className="rounded bg-ink/8 px-1 py-px font-mono text-[0.88em]">
        <SecretText text={part} />
      </code>
    ) : (
      <SecretText key={index} text={part} />
    ),
  );
}
