import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type SyntheticEvent } from 'react';

import { messageOf } from '../../api/error';
import { createSuite, suitesQuery } from '../../api/lab';
import { actionsQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { InputField, SelectField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';

interface NewSuiteDialogProps {
  guru: string;
  open: boolean;
  onClose: () => void;
}

export function NewSuiteDialog({ guru, open, onClose }: NewSuiteDialogProps) {
  return (
    <Dialog open={open} onOpenChange={(next) => !next && onClose()} title="New suite">
      {open && <SuiteForm guru={guru} />}
    </Dialog>
  );
}

function SuiteForm({ guru }: { guru: string }) {
  const [name, setName] = useState('');
  const [action, setAction] = useState('');
  const actions = useQuery(actionsQuery(guru)).data?.items ?? [];
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => createSuite(guru, name.trim(), action === '' ? null : action),
    onSuccess: async (suite) => {
      await queries.invalidateQueries({ queryKey: suitesQuery(guru).queryKey });
      await navigate({ to: '/g/$guru/lab/$suite', params: { guru, suite: suite.id } });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <InputField
        label="Name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        maxLength={80}
        autoComplete="off"
        required
      />
      <SelectField
        label="About"
        value={action}
        onChange={(event) => setAction(event.target.value)}
        hint="What the suite is kept for; every enabled action is on offer all the same."
        choices={[
          { value: '', label: 'The whole guru' },
          ...actions.map((one) => ({ value: one.name, label: one.name })),
        ]}
      />
      {create.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(create.error)} />
        </p>
      )}
      <div className="flex justify-end">
        <Button type="submit" look="primary" busy={create.isPending}>
          Create it
        </Button>
      </div>
    </form>
  );
}
