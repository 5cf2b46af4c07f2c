import { useQuery } from '@tanstack/react-query';

import { systemQuery } from '../../api/queries';
import { CopyButton } from '../../components/CopyButton';
import { Section } from '../../components/Section';

const COMMANDS = [
  { command: 'errand backup errand.db', words: 'Writes all of it into one file, while the server runs.' },
  { command: 'errand restore errand.db', words: 'Puts it back. Stop the server first.' },
];

/** How all that is kept here is saved elsewhere. The file is made on the server: it holds everybody's history. */
export function Backup() {
  const postgres = useQuery(systemQuery).data?.database === 'postgresql';
  return (
    <Section
      title="Backup"
      lead={
        postgres
          ? 'The state is in PostgreSQL: back it up with its own tools, such as pg_dump. The master key lies apart; keep both, in two places.'
          : "On the server's machine. The backup holds no master key, without which its secrets can't be opened: keep both, in two places."
      }
    >
      {!postgres && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
          {COMMANDS.map(({ command, words }) => (
            <li key={command} className="flex items-center gap-3 px-4 py-2.5">
              <div className="min-w-0 flex-1">
                <code className="block font-mono text-sm wrap-anywhere">{command}</code>
                <p className="text-[0.8125rem] text-ink-soft">{words}</p>
              </div>
              <CopyButton text={command} label={`Copy “${command}”`} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
