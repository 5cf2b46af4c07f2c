import { useState, type SyntheticEvent } from 'react';

import { OnceShown } from './OnceShown';
import { useChange } from './useChange';
import { messageOf } from '../../api/error';
import { makeKey } from '../../api/people';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { CheckField, InputField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';

const SCOPES = [
  { scope: 'ask', words: 'Ask questions' },
  { scope: 'run', words: 'Run actions directly' },
  { scope: 'manage', words: 'Manage actions, secrets and history' },
];

interface NewKeyDialogProps {
  guru: string;
  open: boolean;
  onClose: () => void;
}

export function NewKeyDialog({ guru, open, onClose }: NewKeyDialogProps) {
  return (
    <Dialog open={open} onOpenChange={(next) => !next && onClose()} title="New key">
      {open && <NewKeyForm guru={guru} onClose={onClose} />}
    </Dialog>
  );
}

function NewKeyForm({ guru, onClose }: { guru: string; onClose: () => void }) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState(['ask']);
  const make = useChange(
    () => makeKey(guru, name.trim(), scopes),
    ['keys', guru],
    () => undefined,
  );
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!make.isPending) make.mutate(undefined);
  };
  if (typeof make.data === 'string') {
    return (
      <OnceShown text={make.data} label="The key" onClose={onClose}>
        Copy it now: it is not shown again. A program sends it in the header <code>x-api-key</code>.
      </OnceShown>
    );
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      <InputField
        label="Name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        placeholder="Help desk integration"
        required
      />
      <fieldset>
        <legend className="mb-1 text-sm font-medium">It may</legend>
        {SCOPES.map(({ scope, words }) => (
          <CheckField
            key={scope}
            label={words}
            checked={scopes.includes(scope)}
            onChange={(event) =>
              setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((one) => one !== scope))
            }
          />
        ))}
      </fieldset>
      {make.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(make.error)} />
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={make.isPending}>
          Make the key
        </Button>
      </div>
    </form>
  );
}
