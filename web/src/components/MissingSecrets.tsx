import { Link } from '@tanstack/react-router';

import { Notice } from './Notice';

/** Secrets that an action needs and the guru lacks, each with the way to set it. */
export function MissingSecrets({ guru, names }: { guru: string; names: string[] }) {
  if (names.length === 0) return null;
  return (
    <Notice tone="warn">
      {names.length === 1 ? 'A secret is still to be set: ' : 'Secrets are still to be set: '}
      {names.map((name, index) => (
        <span key={name}>
          {index > 0 && ', '}
          <Link
            to="/g/$guru/secrets"
            params={{ guru }}
            search={{ set: name }}
            className="font-mono text-[0.9em] underline underline-offset-3"
          >
            {name}
          </Link>
        </span>
      ))}
    </Notice>
  );
}
