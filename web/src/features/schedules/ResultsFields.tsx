import { useQuery } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';

import { EMPTY, type ReceiverDraft, type ResultsDraft } from './results';
import { TestReceiver } from './TestReceiver';
import { secretsQuery } from '../../api/queries';
import { Button, IconButton } from '../../components/Button';
import { InputField, SelectField } from '../../components/Field';

interface ResultsFieldsProps {
  guru: string;
  /** The action whose results they are. */
  action: string;
  draft: ResultsDraft;
  onDraft: (draft: ResultsDraft) => void;
}

const RECEIVERS_MAX = 5;

const KINDS: { value: ReceiverDraft['type']; label: string }[] = [
  { value: 'slack', label: 'Slack' },
  { value: 'email', label: 'E-mail' },
  { value: 'webhook', label: 'Webhook' },
];

/** Who is told of the schedule's runs. Addresses that let their holder in are secrets. */
export function ResultsFields({ guru, action, draft, onDraft }: ResultsFieldsProps) {
  const secrets = useQuery(secretsQuery(guru)).data?.map(({ name }) => name) ?? [];
  const change = (place: number, receiver: ReceiverDraft) =>
    onDraft({ ...draft, to: draft.to.map((one, index) => (index === place ? receiver : one)) });
  return (
    <fieldset className="grid gap-4">
      <legend className="mb-2 text-sm font-medium">Tell somebody of the results</legend>
      {draft.to.length > 0 && (
        <SelectField
          label="Of which runs"
          value={draft.when}
          onChange={(event) => onDraft({ ...draft, when: event.target.value })}
          choices={[
            { value: 'always', label: 'Every run' },
            { value: 'on_failure', label: 'Runs that did not succeed' },
            { value: 'on_change', label: 'Runs with another result than the one before' },
          ]}
        />
      )}
      {draft.to.map((receiver, index) => (
        <div key={index} className="flex items-start gap-2 rounded-xl border border-line p-3">
          <div className="grid min-w-0 flex-1 gap-3">
            <SelectField
              label={`Receiver ${index + 1}`}
              value={receiver.type}
              onChange={(event) =>
                change(index, { ...receiver, type: event.target.value as ReceiverDraft['type'] })
              }
              choices={KINDS}
            />
            <ReceiverFields
              receiver={receiver}
              secrets={secrets}
              onChange={(changed) => change(index, changed)}
            />
            <TestReceiver guru={guru} action={action} receiver={receiver} />
          </div>
          <IconButton
            label={`Take receiver ${index + 1} away`}
            onClick={() => onDraft({ ...draft, to: draft.to.filter((_, other) => other !== index) })}
          >
            <Trash2 className="size-4" />
          </IconButton>
        </div>
      ))}
      {draft.to.length < RECEIVERS_MAX && (
        <Button
          className="justify-self-start"
          onClick={() => onDraft({ ...draft, to: [...draft.to, EMPTY] })}
        >
          <Plus aria-hidden className="size-4" />
          Add a receiver
        </Button>
      )}
    </fieldset>
  );
}

interface ReceiverFieldsProps {
  receiver: ReceiverDraft;
  secrets: string[];
  onChange: (receiver: ReceiverDraft) => void;
}

function ReceiverFields({ receiver, secrets, onChange }: ReceiverFieldsProps) {
  if (receiver.type === 'email')
    return (
      <InputField
        label="Addresses"
        value={receiver.addresses}
        onChange={(event) => onChange({ ...receiver, addresses: event.target.value })}
        hint="With commas between them; by the server’s mail settings."
        autoComplete="off"
      />
    );
  const choices = [
    { value: '', label: 'Choose a secret' },
    ...secrets.map((name) => ({ value: name, label: name })),
  ];
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <SelectField
        label="Secret with the address"
        value={receiver.url}
        onChange={(event) => onChange({ ...receiver, url: event.target.value })}
        choices={choices}
        hint={receiver.type === 'slack' ? 'The address of an incoming webhook.' : undefined}
      />
      {receiver.type === 'webhook' && (
        <SelectField
          label="Secret with the key"
          value={receiver.key}
          onChange={(event) => onChange({ ...receiver, key: event.target.value })}
          choices={choices}
          hint="Signs each message, so that its receiver knows it is from here."
        />
      )}
    </div>
  );
}
