import { useState, type SyntheticEvent } from 'react';

import { OnceShown } from './OnceShown';
import { useChange } from './useChange';
import { messageOf } from '../../api/error';
import { inviteUser, type Invitation } from '../../api/people';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { CheckField, InputField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';

export function InviteDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onOpenChange={(next) => !next && onClose()} title="Invite somebody">
      {open && <InviteForm onClose={onClose} />}
    </Dialog>
  );
}

function InviteForm({ onClose }: { onClose: () => void }) {
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [admin, setAdmin] = useState(false);
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const invite = useChange(
    async () => setInvitation(await inviteUser(email.trim(), name.trim(), admin ? 'super_admin' : 'viewer')),
    ['users'],
    () => undefined,
  );
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!invite.isPending) invite.mutate(undefined);
  };
  if (invitation !== null) {
    return (
      <OnceShown label="The link" text={`${location.origin}${invitation.path}`} onClose={onClose}>
        {invitation.user.email} has an account. Hand over this link: it signs in whoever opens it, once,
        within seven days. Then make them a member of a guru.
      </OnceShown>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      <InputField
        label="E-mail"
        type="email"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        required
      />
      <InputField label="Name" value={name} onChange={(event) => setName(event.target.value)} />
      <CheckField
        label="Super admin: may do everything, everywhere"
        checked={admin}
        onChange={(event) => setAdmin(event.target.checked)}
      />
      {invite.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(invite.error)} />
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={invite.isPending}>
          Invite
        </Button>
      </div>
    </form>
  );
}
