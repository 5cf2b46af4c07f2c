import { useQuery } from '@tanstack/react-query';

import { BackupList } from './BackupList';
import { systemQuery } from '../../api/queries';
import { CopyButton } from '../../components/CopyButton';
import { Section } from '../../components/Section';

const POSTGRES = 'pg_dump --format=custom --file=errand.dump "$ERRAND_DATABASE_URL"';
const RESTORE = 'errand restore errand.db';

/** How all that is kept here is saved elsewhere: it is everybody's history, so only super admins see this. */
export function Backup() {
  const system = useQuery(systemQuery).data;
  const postgres = system?.database === 'postgresql';
  return (
    <Section
      title="Backup"
      lead={
        postgres
          ? 'The state is in PostgreSQL, which is backed up with its own tools. The master key lies apart; keep both, in two places.'
          : 'Everything that is kept here, in one file, made while everybody goes on. It holds no master key, without which its secrets can’t be opened: keep both, in two places.'
      }
    >
      {system !== undefined && !postgres && <BackupList />}
      <Command
        command={postgres ? POSTGRES : RESTORE}
        words={
          postgres
            ? 'Writes all of it into one file, from any machine that reaches the database; pg_restore puts it back.'
            : 'On the server’s machine: puts a backup back. Stop the server first.'
        }
      />
    </Section>
  );
}

function Command({ command, words }: { command: string; words: string }) {
  return (
    <div className="flex items-center gap-3 rounded-xl border border-line bg-surface px-4 py-2.5">
      <div className="min-w-0 flex-1">
        <code className="block font-mono text-sm wrap-anywhere">{command}</code>
        <p className="text-[0.8125rem] text-ink-soft">{words}</p>
      </div>
      <CopyButton text={command} label={`Copy “${command}”`} />
    </div>
  );
}
