import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Download, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { backupAddress, backupsQuery, deleteBackup, startBackup } from '../../api/backups';
import { messageOf } from '../../api/error';
import type { Backups } from '../../api/types';
import { Button, buttonClasses, IconButton } from '../../components/Button';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { MessageText } from '../../components/SecretText';
import { When } from '../../components/When';
import { formatBytes } from '../../lib/time';

/** Backups on the server's machine: one is made, fetched, or deleted. */
export function BackupList() {
  const queries = useQueryClient();
  const backups = useQuery(backupsQuery);
  const start = useMutation({
    mutationFn: startBackup,
    onSuccess: (begun) => queries.setQueryData(backupsQuery.queryKey, begun),
  });
  if (backups.data === undefined) {
    return backups.isError ? (
      <LoadError error={backups.error} onRetry={() => void backups.refetch()} />
    ) : (
      <LoadingRows what="the backups" rows={2} />
    );
  }
  const { making, failed, folder, items } = backups.data;
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <Button look="primary" busy={start.isPending || making != null} onClick={() => start.mutate()}>
          Back up now
        </Button>
        <div role="status" className="text-sm text-ink-soft">
          {making != null && <Progress making={making} />}
        </div>
      </div>
      {start.isError && (
        <Notice tone="bad">
          <MessageText text={messageOf(start.error)} />
        </Notice>
      )}
      {failed != null && making == null && (
        <Notice tone="bad">
          The last backup could not be written: <MessageText text={failed.reason} />. Mend that on the
          server’s machine and try again.
        </Notice>
      )}
      {items.length === 0 ? (
        <p className="text-sm text-ink-soft">No backup was made here yet.</p>
      ) : (
        <Made items={items} />
      )}
      <p className="text-[0.8125rem] text-ink-soft">
        They lie in <span className="font-mono wrap-anywhere">{folder}</span> on the server’s machine. Fetch
        them: what is on the same disk is lost with it.
      </p>
    </div>
  );
}

function Progress({ making }: { making: NonNullable<Backups['making']> }) {
  const { bytes, bytes_expected: all } = making;
  return (
    <span className="flex items-center gap-3">
      <progress aria-label="Backup" value={Math.min(bytes, all)} max={Math.max(all, 1)} className="w-32" />
      <span className="tabular-nums">
        {formatBytes(bytes)} of about {formatBytes(all)}
      </span>
    </span>
  );
}

function Made({ items }: { items: Backups['items'] }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: deleteBackup,
    onSuccess: async () => {
      await queries.invalidateQueries(backupsQuery);
      setChosen(null);
    },
  });
  return (
    <>
      <ul aria-label="Backups" className="divide-y divide-line rounded-xl border border-line bg-surface">
        {items.map(({ name, bytes, made_at }) => (
          <li key={name} className="flex items-center gap-3 px-4 py-2.5">
            <div className="min-w-0 flex-1">
              <span className="block font-mono text-sm wrap-anywhere">{name}</span>
              <span className="text-[0.8125rem] text-ink-soft">
                <When at={made_at} />, {formatBytes(bytes)}
              </span>
            </div>
            <a href={backupAddress(name)} download={name} className={buttonClasses('outline')}>
              <Download aria-hidden className="size-4" />
              Download<span className="sr-only"> {name}</span>
            </a>
            <IconButton label={`Delete ${name}`} onClick={() => setChosen(name)}>
              <Trash2 className="size-4" />
            </IconButton>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        open={chosen !== null}
        onOpenChange={(open) => {
          if (!open) setChosen(null);
        }}
        title="Delete this backup?"
        confirm="Delete it"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => chosen !== null && remove.mutate(chosen)}
      >
        <span className="font-mono">{chosen}</span> can’t be brought back.
      </ConfirmDialog>
    </>
  );
}
