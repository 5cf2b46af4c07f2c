import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { GitCompareArrows } from 'lucide-react';
import { useState } from 'react';

import type { Builder } from './useBuilder';
import { messageOf } from '../../api/error';
import { renewActions } from '../../api/queries';
import type { Action, Version } from '../../api/types';
import { compareVersions, listVersions, restoreVersion } from '../../api/versions';
import { Button } from '../../components/Button';
import { Changes } from '../../components/Changes';
import { Dialog } from '../../components/Dialog';
import { LoadError, LoadingRows } from '../../components/Loading';
import { MessageText } from '../../components/SecretText';
import { When } from '../../components/When';
import { classes } from '../../lib/classes';

/** Every version that was saved, what it changed, and the way back to it. */
export function VersionsDialog({ builder, saved }: { builder: Builder; saved: Action }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <GitCompareArrows aria-hidden className="size-4" />
        Versions
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={`Versions of ${saved.name}`} wide>
        <Versions builder={builder} saved={saved} onRestored={() => setOpen(false)} />
      </Dialog>
    </>
  );
}

interface VersionsProps {
  builder: Builder;
  saved: Action;
  onRestored: () => void;
}

function Versions({ builder, saved, onRestored }: VersionsProps) {
  const { guru } = builder;
  const [chosen, setChosen] = useState(saved.version);
  const list = useQuery({
    queryKey: ['actions', guru, saved.name, 'versions', saved.version],
    queryFn: () => listVersions(guru, saved.name),
  });
  if (list.isPending) return <LoadingRows what="versions" rows={3} />;
  if (list.isError) return <LoadError error={list.error} onRetry={() => void list.refetch()} />;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5 sm:grid-cols-[13rem_minmax(0,1fr)]">
      <ul aria-label="Versions" className="grid max-h-96 content-start gap-0.5 overflow-y-auto">
        {list.data.map((version) => (
          <VersionLine
            key={version.version}
            version={version}
            current={version.version === saved.version}
            chosen={version.version === chosen}
            onChoose={() => setChosen(version.version)}
          />
        ))}
      </ul>
      <OneVersion key={chosen} builder={builder} saved={saved} version={chosen} onRestored={onRestored} />
    </div>
  );
}

interface VersionLineProps {
  version: Version;
  current: boolean;
  chosen: boolean;
  onChoose: () => void;
}

function VersionLine({ version, current, chosen, onChoose }: VersionLineProps) {
  return (
    <li>
      <button
        type="button"
        aria-current={chosen ? 'true' : undefined}
        onClick={onChoose}
        className={classes(
          'w-full rounded-lg px-3 py-2 text-left text-sm',
          chosen ? 'bg-hover' : 'hover:bg-hover/60',
        )}
      >
        <span className="font-medium">
          Version {version.version}
          {current && ', in force'}
        </span>
        <span className="block truncate text-[0.8125rem] text-ink-soft">
          <When at={version.created_at} />
          {version.author != null && ` by ${version.author}`}
        </span>
      </button>
    </li>
  );
}

interface OneVersionProps extends VersionsProps {
  version: number;
}

function OneVersion({ builder, saved, version, onRestored }: OneVersionProps) {
  const { guru, unsaved, take } = builder;
  const queries = useQueryClient();
  const current = version === saved.version;
  // The one in force shows what it changed; an older one, what has changed since.
  const difference = useQuery({
    queryKey: ['actions', guru, saved.name, 'difference', version, saved.version],
    queryFn: () =>
      current
        ? compareVersions(guru, saved.name, version)
        : compareVersions(guru, saved.name, saved.version, version),
  });
  const restore = useMutation({
    mutationFn: () => restoreVersion(guru, saved.name, version),
    onSuccess: (action) => {
      take(action);
      onRestored();
      return renewActions(queries, guru);
    },
  });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-4">
      <h3 className="text-sm font-medium">
        {current ? 'What it changed' : `What has changed since version ${version}`}
      </h3>
      {difference.isPending && <LoadingRows what="the difference" rows={2} />}
      {difference.isError && <LoadError error={difference.error} onRetry={() => void difference.refetch()} />}
      {difference.data !== undefined && <Changes changes={difference.data.changes} />}
      {restore.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(restore.error)} />
        </p>
      )}
      {!current && (
        <div>
          <Button busy={restore.isPending} disabled={unsaved} onClick={() => restore.mutate()}>
            Restore version {version}
          </Button>
          <p className="mt-1.5 text-[0.8125rem] text-ink-soft">
            {unsaved ? 'Save or drop your changes first.' : 'It is saved as the next version; none is lost.'}
          </p>
        </div>
      )}
    </div>
  );
}
