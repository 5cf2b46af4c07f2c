import { Link } from '@tanstack/react-router';
import { CircleStop } from 'lucide-react';

import type { Ending } from '../api/events';
import { splitHint } from '../lib/output';
import { TEXT_LINK } from './linkStyles';
import { MessageText } from './SecretText';

/** What each way to end is called; the server's sentence says the rest. */
const REASONS: Record<string, string> = {
  exit_code: 'Exit code',
  exception: 'Uncaught exception',
  signal: 'Crash',
  out_of_memory: 'Memory limit',
  timeout: 'Time limit',
  process_limit: 'Process limit',
  disk_full: 'Disk limit',
  output_limit: 'Output limit',
  denied_connection: 'Denied connection',
  cancelled: 'Cancelled',
  overloaded: 'Too many at once',
  unavailable: 'Not available here',
  broken: 'The sandbox broke',
};

interface EndedProps {
  guru: string;
  action: string;
  /** One sentence on what happened, one on what to do. */
  error: string | null;
  ending: Ending | null;
}

/** Why a run did not end well: which limit, what happened, what to do, and the line of the script where it did. */
export function Ended({ guru, action, error, ending }: EndedProps) {
  if (error === null && ending === null) return null;
  const { what, hint } = splitHint(error ?? '');
  return (
    <div
      role="note"
      data-ending={ending?.reason}
      className="grid gap-1 rounded-xl bg-bad-soft px-4 py-3 text-sm wrap-anywhere"
    >
      {ending !== null && (
        <p className="flex flex-wrap items-center gap-x-2 font-medium text-bad">
          <CircleStop aria-hidden className="size-4" />
          {endingWords(ending)}
          {ending.line != null && (
            <Link
              to="/g/$guru/action/{-$name}"
              params={{ guru, name: action }}
              search={{ step: 'body', line: ending.line }}
              className={`ml-auto font-normal ${TEXT_LINK}`}
            >
              Open line {ending.line} of the script
            </Link>
          )}
        </p>
      )}
      <p className="text-bad">
        <MessageText text={what} />
      </p>
      {hint !== null && (
        <p className="text-ink-soft">
          <MessageText text={hint} />
        </p>
      )}
    </div>
  );
}

function endingWords({ reason, exit_code, line }: Ending): string {
  const words = REASONS[reason] ?? reason;
  if (reason === 'exit_code' && exit_code != null) return `${words} ${exit_code}`;
  return line == null ? words : `${words} in line ${line}`;
}
