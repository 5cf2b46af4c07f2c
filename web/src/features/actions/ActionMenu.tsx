import { Menu } from '@base-ui/react/menu';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Copy, Download, Ellipsis, FlaskConical, History, Pencil, Play, Power, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { RunDialog } from './RunDialog';
import { deleteAction, exportAction, setEnabled } from '../../api/actions';
import { messageOf } from '../../api/error';
import { renewActions } from '../../api/queries';
import type { Action } from '../../api/types';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { IconButton } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { MENU_ITEM, MENU_POPUP } from '../../components/menuStyles';
import { MessageText } from '../../components/SecretText';
import { downloadText } from '../../lib/download';

/** All that can be done with one action. */
export function ActionMenu({ guru, action }: { guru: string; action: Action }) {
  const [open, setOpen] = useState<'run' | 'delete' | null>(null);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { name, enabled } = action;
  const turn = useMutation({
    mutationFn: () => setEnabled(guru, name, !enabled),
    onSuccess: () => renewActions(queries, guru),
  });
  const save = useMutation({
    mutationFn: () => exportAction(guru, name),
    onSuccess: (file) => downloadText(`${name}.json`, `${JSON.stringify(file, null, 2)}\n`),
  });
  const edit = (step?: string) =>
    void navigate({
      to: '/g/$guru/action/{-$name}',
      params: { guru, name },
      search: step === undefined ? {} : { step },
    });
  const failure = turn.error ?? save.error;
  return (
    <>
      <Menu.Root>
        <Menu.Trigger render={<IconButton label={`Menu of ${name}`} />}>
          <Ellipsis className="size-4" />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner align="end" sideOffset={4} className="z-40">
            <Menu.Popup className={MENU_POPUP}>
              <Item icon={<Pencil />} words="Edit" onClick={() => edit()} />
              <Item icon={<FlaskConical />} words="Test" onClick={() => edit('test')} />
              {enabled && <Item icon={<Play />} words="Trigger now" onClick={() => setOpen('run')} />}
              <Item icon={<Power />} words={enabled ? 'Disable' : 'Enable'} onClick={() => turn.mutate()} />
              <Item
                icon={<Copy />}
                words="Duplicate"
                onClick={() =>
                  void navigate({
                    to: '/g/$guru/action/{-$name}',
                    params: { guru, name: undefined },
                    search: { from: name },
                  })
                }
              />
              <Item icon={<Download />} words="Export" onClick={() => save.mutate()} />
              <Item
                icon={<History />}
                words="History"
                onClick={() =>
                  void navigate({ to: '/g/$guru/history', params: { guru }, search: { action: name } })
                }
              />
              <div className="my-1.5 border-t border-line" />
              <Item icon={<Trash2 />} words="Delete" onClick={() => setOpen('delete')} />
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <RunDialog guru={guru} action={action} open={open === 'run'} onClose={() => setOpen(null)} />
      <DeleteDialog guru={guru} name={name} open={open === 'delete'} onClose={() => setOpen(null)} />
      <Dialog
        open={failure !== null}
        onOpenChange={() => {
          turn.reset();
          save.reset();
        }}
        title={`${name} stays as it is`}
      >
        <p role="alert" className="text-sm wrap-anywhere">
          <MessageText text={messageOf(failure)} />
        </p>
      </Dialog>
    </>
  );
}

interface ItemProps {
  icon: ReactNode;
  words: string;
  onClick: () => void;
}

function Item({ icon, words, onClick }: ItemProps) {
  return (
    <Menu.Item className={MENU_ITEM} onClick={onClick}>
      <span aria-hidden className="text-ink-soft *:size-4">
        {icon}
      </span>
      {words}
    </Menu.Item>
  );
}

interface DeleteDialogProps {
  guru: string;
  name: string;
  open: boolean;
  onClose: () => void;
}

function DeleteDialog({ guru, name, open, onClose }: DeleteDialogProps) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteAction(guru, name),
    onSuccess: async () => {
      onClose();
      await renewActions(queries, guru);
    },
  });
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        if (next) return;
        remove.reset();
        onClose();
      }}
      title={`Delete ${name}?`}
      confirm="Delete"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
    >
      The action goes away for good; export it first if you may want it back. What it did stays in the
      history.
    </ConfirmDialog>
  );
}
