import { useState, type SyntheticEvent } from 'react';

import { useChange } from './useChange';
import { messageOf } from '../../api/error';
import { addMember, changeMember, type Membership } from '../../api/people';
import type { Member } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { InputField, SelectField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';

const ROLES = [
  { value: 'viewer', label: 'Viewer: may ask' },
  { value: 'guru_admin', label: 'Admin: may ask, build and change' },
];

interface MemberDialogProps {
  guru: string;
  edited: Member | 'new' | null;
  onClose: () => void;
}

/** Adds a member, or changes what one may do and the groups one is in. */
export function MemberDialog({ guru, edited, onClose }: MemberDialogProps) {
  const title = edited === 'new' || edited === null ? 'Add a member' : `Change ${edited.email}`;
  return (
    <Dialog open={edited !== null} onOpenChange={(open) => !open && onClose()} title={title}>
      {edited !== null && (
        <MemberForm guru={guru} member={edited === 'new' ? null : edited} onClose={onClose} />
      )}
    </Dialog>
  );
}

interface MemberFormProps {
  guru: string;
  member: Member | null;
  onClose: () => void;
}

function MemberForm({ guru, member, onClose }: MemberFormProps) {
  const [email, setEmail] = useState(member?.email ?? '');
  const [role, setRole] = useState(member?.role ?? 'viewer');
  const [groups, setGroups] = useState(member?.groups.join(', ') ?? '');
  const save = useChange(
    (membership: Membership) =>
      member === null
        ? addMember(guru, email.trim(), membership)
        : changeMember(guru, member.user_id, membership),
    ['members', guru],
    onClose,
  );
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    const names = groups.split(',').map((group) => group.trim());
    if (!save.isPending) save.mutate({ role, groups: names.filter((group) => group !== '') });
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {member === null && (
        <InputField
          label="E-mail"
          type="email"
          value={email}
          onChange={(event) => setEmail(event.target.value)}
          hint="Of somebody who has an account here."
          required
        />
      )}
      <SelectField
        label="Role"
        value={role}
        onChange={(event) => setRole(event.target.value)}
        choices={ROLES}
      />
      <InputField
        label="Groups"
        value={groups}
        onChange={(event) => setGroups(event.target.value)}
        placeholder="Support, Billing"
        hint="Separated by commas. Actions see them as GURUBASE_USER_GROUPS when this person asks."
      />
      {save.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(save.error)} />
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          {member === null ? 'Add' : 'Save'}
        </Button>
      </div>
    </form>
  );
}
