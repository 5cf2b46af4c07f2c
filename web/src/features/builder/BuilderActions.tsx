import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';

import { VersionsDialog } from './VersionsDialog';
import type { Builder } from './useBuilder';
import { exportAction, setEnabled } from '../../api/actions';
import { messageOf } from '../../api/error';
import { renewActions } from '../../api/queries';
import type { Action } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { MessageText } from '../../components/SecretText';
import { downloadText } from '../../lib/download';

/** Saving, enabling, exporting and going back to an earlier version. */
export function BuilderActions({ builder }: { builder: Builder }) {
  const { saved, unsaved, saving, save } = builder;
  return (
    <>
      {saved !== null && <SavedActions builder={builder} saved={saved} />}
      <Button look="primary" busy={saving} disabled={saved !== null && !unsaved} onClick={() => void save()}>
        Save
      </Button>
    </>
  );
}

function SavedActions({ builder, saved }: { builder: Builder; saved: Action }) {
  const { guru, unsaved, take } = builder;
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const turn = useMutation({
    mutationFn: () => setEnabled(guru, saved.name, !saved.enabled),
    onSuccess: (action) => {
      setAsking(false);
      take(action);
      return renewActions(queries, guru);
    },
    onError: () => setAsking(false),
  });
  const keep = useMutation({
    mutationFn: () => exportAction(guru, saved.name),
    onSuccess: (file) => downloadText(`${saved.name}.json`, `${JSON.stringify(file, null, 2)}\n`),
  });
  const tested = saved.tested_version === saved.version;
  const failure = turn.error ?? keep.error;
  return (
    <>
      <VersionsDialog builder={builder} saved={saved} />
      <Button busy={keep.isPending} onClick={() => keep.mutate()}>
        <Download aria-hidden className="size-4" />
        Export
      </Button>
      <Button
        busy={turn.isPending}
        disabled={unsaved}
        title={unsaved ? 'Save first.' : undefined}
        onClick={() => (saved.enabled || tested ? turn.mutate() : setAsking(true))}
      >
        {saved.enabled ? 'Disable' : 'Enable'}
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title="Enable it untested?"
        confirm="Enable"
        busy={turn.isPending}
        error={null}
        onConfirm={() => turn.mutate()}
      >
        This version was never tested. The step “Test” runs it once, with values that you give, and triggers
        nothing else.
      </ConfirmDialog>
      <Dialog
        open={failure !== null}
        onOpenChange={() => {
          turn.reset();
          keep.reset();
        }}
        title={`${saved.name} stays as it is`}
      >
        <p role="alert" className="text-sm wrap-anywhere">
          <MessageText text={messageOf(failure)} />
        </p>
      </Dialog>
    </>
  );
}
