import { useQuery } from '@tanstack/react-query';
import { Link2, LogOut, Plus, ShieldCheck, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { InviteDialog } from './InviteDialog';
import { OnceShown } from './OnceShown';
import { usersQuery } from './queries';
import { useChange } from './useChange';
import { changeUser, deleteUser, newLink, signOutUser } from '../../api/people';
import { messageOf } from '../../api/error';
import type { Me, User } from '../../api/types';
import { Badge } from '../../components/Badge';
import { Button, IconButton } from '../../components/Button';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { Dialog } from '../../components/Dialog';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { Page } from '../../components/Page';
import { MessageText } from '../../components/SecretText';
import { When } from '../../components/When';

/** Everybody with an account on this installation. */
export function UsersPage({ me }: { me: Me }) {
  const list = useQuery(usersQuery);
  const [inviting, setInviting] = useState(false);
  const [doomed, setDoomed] = useState<User | null>(null);
  const [link, setLink] = useState<string | null>(null);
  const remove = useChange(deleteUser, ['users'], () => setDoomed(null));
  const change = useChange(
    (act: () => Promise<unknown>) => act(),
    ['users'],
    () => undefined,
  );
  return (
    <Page
      title="Users"
      lead="Everybody with an account here. What one may do with a guru, its members list says."
      actions={
        <Button look="primary" onClick={() => setInviting(true)}>
          <Plus aria-hidden className="size-4" />
          Invite somebody
        </Button>
      }
    >
      {change.isError && (
        <Notice tone="bad">
          <MessageText text={messageOf(change.error)} />
        </Notice>
      )}
      {list.isPending && <LoadingRows what="users" rows={3} />}
      {list.isError && list.data === undefined && (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.data !== undefined && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
          {list.data.map((user) => (
            <UserRow
              key={user.id}
              user={user}
              own={user.email === me.email}
              onLink={() => change.mutate(async () => setLink(await newLink(user.id)))}
              onRole={(role) => change.mutate(() => changeUser(user.id, { role }))}
              onSignOut={() => change.mutate(() => signOutUser(user.id))}
              onDelete={() => setDoomed(user)}
            />
          ))}
        </ul>
      )}
      <InviteDialog open={inviting} onClose={() => setInviting(false)} />
      <Dialog open={link !== null} onOpenChange={(open) => !open && setLink(null)} title="Sign-in link">
        <OnceShown label="The link" text={`${location.origin}${link ?? ''}`} onClose={() => setLink(null)}>
          Hand it to this person alone: it signs in whoever opens it, once, within seven days.
        </OnceShown>
      </Dialog>
      <ConfirmDialog
        open={doomed !== null}
        onOpenChange={(open) => {
          if (open) return;
          remove.reset();
          setDoomed(null);
        }}
        title={`Delete ${doomed?.email ?? ''}?`}
        confirm="Delete"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => {
          if (doomed !== null) remove.mutate(doomed.id);
        }}
      >
        The account and its sessions end. What this person did stays in the history and the audit log.
      </ConfirmDialog>
    </Page>
  );
}

interface UserRowProps {
  user: User;
  own: boolean;
  onLink: () => void;
  onRole: (role: string) => void;
  onSignOut: () => void;
  onDelete: () => void;
}

function UserRow({ user, own, onLink, onRole, onSignOut, onDelete }: UserRowProps) {
  const admin = user.role === 'super_admin';
  const gurus = user.gurus.map(({ guru, role }) => (role === 'guru_admin' ? `${guru} (admin)` : guru));
  return (
    <li data-user={user.email} className="flex flex-wrap items-start gap-x-1 gap-y-2 px-4 py-3.5">
      <div className="min-w-48 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium wrap-anywhere">
          {user.name || user.email}
          {admin && <Badge tone="accent">Super admin</Badge>}
          {own && <Badge>You</Badge>}
        </p>
        <p className="mt-0.5 text-[0.8125rem] text-ink-soft wrap-anywhere">
          {user.email} · since <When at={user.created_at} />
          {gurus.length > 0 && ` · in ${gurus.join(', ')}`}
        </p>
      </div>
      <IconButton label={`New sign-in link for ${user.email}`} onClick={onLink}>
        <Link2 className="size-4" />
      </IconButton>
      {!own && (
        <>
          <IconButton
            label={admin ? `Make ${user.email} no super admin` : `Make ${user.email} a super admin`}
            onClick={() => onRole(admin ? 'viewer' : 'super_admin')}
          >
            <ShieldCheck className={admin ? 'size-4 text-accent' : 'size-4'} />
          </IconButton>
          <IconButton label={`Sign ${user.email} out everywhere`} onClick={onSignOut}>
            <LogOut className="size-4" />
          </IconButton>
          <IconButton label={`Delete ${user.email}`} onClick={onDelete}>
            <Trash2 className="size-4" />
          </IconButton>
        </>
      )}
    </li>
  );
}
