import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';

import { HostsField, readHosts } from './HostsField';
import { ApiError, messageOf } from '../../api/error';
import { renewActions } from '../../api/queries';
import { bindSecret } from '../../api/secrets';
import type { Secret } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { MessageText } from '../../components/SecretText';

interface BindSecretDialogProps {
  guru: string;
  secret: Secret | null;
  onClose: () => void;
}

/** Chooses which hosts a secret may be sent to; its value stays. */
export function BindSecretDialog({ guru, secret, onClose }: BindSecretDialogProps) {
  return (
    <Dialog
      open={secret !== null}
      onOpenChange={(open) => !open && onClose()}
      title={`Hosts of ${secret?.name ?? ''}`}
    >
      {secret !== null && <BindForm key={secret.name} guru={guru} secret={secret} onClose={onClose} />}
    </Dialog>
  );
}

function BindForm({ guru, secret, onClose }: { guru: string; secret: Secret; onClose: () => void }) {
  const [hosts, setHosts] = useState(secret.hosts.join(', '));
  const queries = useQueryClient();
  const bind = useMutation({
    mutationFn: () => bindSecret(guru, secret.name, readHosts(hosts)),
    onSuccess: async () => {
      await renewActions(queries, guru);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!bind.isPending) bind.mutate();
  };
  const problem =
    bind.error instanceof ApiError ? bind.error.problems.find(({ field }) => field === 'hosts') : undefined;
  return (
    <form onSubmit={submit} className="grid gap-4">
      <HostsField
        hosts={hosts}
        onHosts={setHosts}
        error={problem === undefined ? null : `${problem.message} ${problem.hint}`}
      />
      {bind.isError && problem === undefined && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(bind.error)} />
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={bind.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
