import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type SyntheticEvent } from 'react';

import { messageOf } from '../../api/error';
import { deleteGuru } from '../../api/gurus';
import type { Guru } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { InputField } from '../../components/Field';
import { Section } from '../../components/Section';
import { MessageText } from '../../components/SecretText';

/** The end of a guru. Its slug has to be typed: nothing brings it back. */
export function DeleteGuru({ guru }: { guru: Guru }) {
  const [open, setOpen] = useState(false);
  return (
    <Section
      title="Delete this guru"
      lead="Its actions, secrets, schedules, suites, members and history go with it, for good."
    >
      <Button className="justify-self-start" onClick={() => setOpen(true)}>
        Delete {guru.name}
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={`Delete ${guru.name}?`}>
        {open && <DeleteForm guru={guru} />}
      </Dialog>
    </Section>
  );
}

function DeleteForm({ guru }: { guru: Guru }) {
  const [typed, setTyped] = useState('');
  const navigate = useNavigate();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => deleteGuru(guru.slug),
    onSuccess: async () => {
      // Read anew first: the start leads to a guru that is there.
      await queries.invalidateQueries({ queryKey: ['gurus'], refetchType: 'all' });
      await navigate({ to: '/', ignoreBlocker: true });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!end.isPending && typed === guru.slug) end.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <InputField
        label="Its slug, to be sure"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        hint={
          <>
            Type <span className="font-mono">{guru.slug}</span>. Nothing of it can be brought back but from a
            backup.
          </>
        }
        className="font-mono"
        autoComplete="off"
        spellCheck={false}
      />
      {end.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(end.error)} />
        </p>
      )}
      <div className="flex justify-end">
        <Button type="submit" look="danger" busy={end.isPending} disabled={typed !== guru.slug}>
          Delete it for good
        </Button>
      </div>
    </form>
  );
}
