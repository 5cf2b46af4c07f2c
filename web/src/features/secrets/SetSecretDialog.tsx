import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';

import { HostsField, readHosts } from './HostsField';
import { ApiError, messageOf } from '../../api/error';
import { renewActions } from '../../api/queries';
import { setSecret } from '../../api/secrets';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { InputField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';

export interface Setting {
  name: string;
  /** A new one, a new one whose name is given, or a new value for one that is there. */
  kind: 'new' | 'named' | 'rotate';
}

interface SetSecretDialogProps {
  guru: string;
  setting: Setting | null;
  onClose: () => void;
}

/** Takes a secret's value. It is forgotten as soon as it is sent. */
export function SetSecretDialog({ guru, setting, onClose }: SetSecretDialogProps) {
  const title = setting?.kind === 'rotate' ? `New value for ${setting.name}` : 'New secret';
  return (
    <Dialog open={setting !== null} onOpenChange={(open) => !open && onClose()} title={title}>
      {setting !== null && <SetForm key={setting.name} guru={guru} setting={setting} onClose={onClose} />}
    </Dialog>
  );
}

function SetForm({ guru, setting, onClose }: { guru: string; setting: Setting; onClose: () => void }) {
  const [name, setName] = useState(setting.name);
  const [value, setValue] = useState('');
  const [hosts, setHosts] = useState('');
  const queries = useQueryClient();
  const set = useMutation({
    mutationFn: () => setSecret(guru, name, value, setting.kind === 'rotate' ? undefined : readHosts(hosts)),
    onSuccess: async () => {
      setValue('');
      await renewActions(queries, guru);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!set.isPending) set.mutate();
  };
  const problems = set.error instanceof ApiError ? set.error.problems : [];
  const wrong = (field: string) => {
    const problem = problems.find((one) => one.field === field);
    return problem === undefined ? null : `${problem.message} ${problem.hint}`;
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      {setting.kind !== 'rotate' && (
        <InputField
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          hint="Letters, digits and underscores, such as STRIPE_API_KEY."
          error={wrong('name')}
          className="font-mono"
          autoComplete="off"
          spellCheck={false}
          required
        />
      )}
      <InputField
        label="Value"
        type="password"
        value={value}
        onChange={(event) => setValue(event.target.value)}
        hint={
          setting.kind === 'rotate'
            ? 'The next run uses it; the old value is gone at once.'
            : 'Nobody can read it again, you included.'
        }
        error={wrong('value')}
        autoComplete="off"
        required
      />
      {setting.kind !== 'rotate' && <HostsField hosts={hosts} onHosts={setHosts} error={wrong('hosts')} />}
      {set.isError && problems.length === 0 && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(set.error)} />
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={set.isPending}>
          Keep it
        </Button>
      </div>
    </form>
  );
}
