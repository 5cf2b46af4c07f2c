import { useQuery } from '@tanstack/react-query';
import { Pencil, Plus, UserMinus } from 'lucide-react';
import { useState } from 'react';

import { MemberDialog } from './MemberDialog';
import { membersQuery } from './queries';
import { useChange } from './useChange';
import { removeMember } from '../../api/people';
import type { Guru, Member } from '../../api/types';
import { Badge } from '../../components/Badge';
import { Button, IconButton } from '../../components/Button';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { LoadError, LoadingRows, Nothing } from '../../components/Loading';
import { Page } from '../../components/Page';

/** Who may ask this guru, who may change it, and in which groups they are. */
export function MembersPage({ guru }: { guru: Guru }) {
  const list = useQuery(membersQuery(guru.slug));
  const [edited, setEdited] = useState<Member | 'new' | null>(null);
  const [leaving, setLeaving] = useState<Member | null>(null);
  const remove = useChange(
    (id: string) => removeMember(guru.slug, id),
    ['members', guru.slug],
    () => setLeaving(null),
  );
  const members = list.data;
  return (
    <Page
      title="Members"
      lead={`Who may ask ${guru.name}, and who may change it. Super admins may do both everywhere.`}
      actions={
        <Button look="primary" onClick={() => setEdited('new')}>
          <Plus aria-hidden className="size-4" />
          Add a member
        </Button>
      }
    >
      {list.isPending && <LoadingRows what="members" rows={3} />}
      {list.isError && members === undefined && (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      )}
      {members?.length === 0 && (
        <Nothing title="No members yet">
          Add somebody who has an account, as a viewer to ask or as an admin to build.
        </Nothing>
      )}
      {members !== undefined && members.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
          {members.map((member) => (
            <li
              key={member.user_id}
              data-member={member.email}
              className="flex items-start gap-3 px-4 py-3.5"
            >
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-center gap-2 text-sm font-medium wrap-anywhere">
                  {member.name || member.email}
                  <Badge tone={member.role === 'guru_admin' ? 'accent' : 'plain'}>
                    {member.role === 'guru_admin' ? 'Admin' : 'Viewer'}
                  </Badge>
                </p>
                <p className="mt-0.5 text-[0.8125rem] text-ink-soft wrap-anywhere">
                  {member.email}
                  {member.groups.length > 0 && ` · in ${member.groups.join(', ')}`}
                </p>
              </div>
              <IconButton label={`Change ${member.email}`} onClick={() => setEdited(member)}>
                <Pencil className="size-4" />
              </IconButton>
              <IconButton label={`Remove ${member.email}`} onClick={() => setLeaving(member)}>
                <UserMinus className="size-4" />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      <MemberDialog guru={guru.slug} edited={edited} onClose={() => setEdited(null)} />
      <ConfirmDialog
        open={leaving !== null}
        onOpenChange={(open) => {
          if (open) return;
          remove.reset();
          setLeaving(null);
        }}
        title={`Remove ${leaving?.email ?? ''}?`}
        confirm="Remove"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => {
          if (leaving !== null) remove.mutate(leaving.user_id);
        }}
      >
        They may no longer ask {guru.name}. Their account stays.
      </ConfirmDialog>
    </Page>
  );
}
