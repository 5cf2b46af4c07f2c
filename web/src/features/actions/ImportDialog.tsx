import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { FileJson } from 'lucide-react';
import { useRef, useState, type DragEvent } from 'react';

import type { ActionFile } from '../../api/actionFile';
import { importAction } from '../../api/actions';
import { ApiError, messageOf } from '../../api/error';
import { renewActions } from '../../api/queries';
import type { Action } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Disclosure } from '../../components/Disclosure';
import { TEXT_LINK } from '../../components/linkStyles';
import { MissingSecrets } from '../../components/MissingSecrets';
import { OpenApiPicker } from '../../components/OpenApiPicker';
import { Notice } from '../../components/Notice';
import { MessageText } from '../../components/SecretText';
import { Spinner } from '../../components/Spinner';
import { classes } from '../../lib/classes';

/** Larger than the largest action file by far. */
const FILE_BYTES_MAX = 1_000_000;

interface ImportDialogProps {
  guru: string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

interface Outcome {
  file: string;
  action?: Action;
  error?: string;
}

/** Action files, dropped or chosen. Each is saved on its own, disabled. */
export function ImportDialog({ guru, open, onOpenChange }: ImportDialogProps) {
  const queries = useQueryClient();
  const bring = useMutation({
    mutationFn: async (files: File[]) => {
      const outcomes: Outcome[] = [];
      for (const file of files) outcomes.push(await importFile(guru, file));
      await renewActions(queries, guru);
      return outcomes;
    },
  });
  return (
    <Dialog
      open={open}
      onOpenChange={(next) => {
        if (!next) bring.reset();
        onOpenChange(next);
      }}
      title="Import actions"
      wide
    >
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
        <DropZone busy={bring.isPending} onFiles={(files) => bring.mutate(files)} />
        {bring.data?.map((outcome) => (
          <OutcomeLine key={outcome.file} guru={guru} outcome={outcome} />
        ))}
        <Disclosure summary="Or make actions of an OpenAPI document’s operations">
          <OpenApiPicker guru={guru} />
        </Disclosure>
      </div>
    </Dialog>
  );
}

async function importFile(guru: string, file: File): Promise<Outcome> {
  try {
    return { file: file.name, action: await importAction(guru, await readActionFile(file)) };
  } catch (error) {
    return { file: file.name, error: messageOf(error) };
  }
}

async function readActionFile(file: File): Promise<ActionFile> {
  const hint = 'Choose a file that an export wrote.';
  if (file.size > FILE_BYTES_MAX) throw new ApiError(`The file is larger than an action can be. ${hint}`, 0);
  try {
    return JSON.parse(await file.text()) as ActionFile;
  } catch {
    throw new ApiError(`The file is not JSON. ${hint}`, 0);
  }
}

function DropZone({ busy, onFiles }: { busy: boolean; onFiles: (files: File[]) => void }) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const files = [...event.dataTransfer.files];
    if (files.length > 0 && !busy) onFiles(files);
  };
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- dropping is a second way to the button inside
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={classes(
        'grid justify-items-center gap-3 rounded-xl border-2 border-dashed px-6 py-10 text-center transition-colors',
        over ? 'border-accent bg-accent-soft' : 'border-line',
      )}
    >
      {busy ? <Spinner /> : <FileJson aria-hidden className="size-7 text-ink-faint" strokeWidth={1.5} />}
      <p className="text-sm text-ink-soft">Drop action files here, or</p>
      <Button onClick={() => input.current?.click()} busy={busy}>
        Choose files
      </Button>
      <input
        ref={input}
        type="file"
        aria-label="Action files"
        accept="application/json,.json"
        multiple
        hidden
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
    </div>
  );
}

function OutcomeLine({ guru, outcome: { file, action, error } }: { guru: string; outcome: Outcome }) {
  if (action === undefined) {
    return (
      <Notice tone="bad">
        <span className="font-medium">{file}</span>: <MessageText text={error ?? ''} />
      </Notice>
    );
  }
  return (
    <div role="status" className="grid gap-2">
      <p className="text-sm">
        <Link to="/g/$guru/action/{-$name}" params={{ guru, name: action.name }} className={TEXT_LINK}>
          {action.name}
        </Link>{' '}
        was imported, disabled. Test it, then enable it.
      </p>
      <MissingSecrets guru={guru} names={action.missing_secrets} />
    </div>
  );
}
