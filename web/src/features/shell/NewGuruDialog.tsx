import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type SyntheticEvent } from 'react';

import { ApiError, messageOf } from '../../api/error';
import { createGuru } from '../../api/gurus';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { InputField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';
import { slugOf } from '../../lib/names';

/** Asks what a new guru is called, and goes to its actions. */
export function NewGuruDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()} title="New guru">
      <GuruFields onClose={onClose} />
    </Dialog>
  );
}

function GuruFields({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [typed, setTyped] = useState<string | null>(null);
  const slug = typed ?? slugOf(name);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: () => createGuru(slug, name.trim()),
    onSuccess: async (guru) => {
      await queries.invalidateQueries({ queryKey: ['gurus'] });
      onClose();
      await navigate({ to: '/g/$guru/actions', params: { guru: guru.slug } });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!create.isPending) create.mutate();
  };
  const problems = create.error instanceof ApiError ? create.error.problems : [];
  const wrong = (field: string) => {
    const found = problems.find((problem) => problem.field === field);
    return found === undefined ? null : `${found.message} ${found.hint}`;
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <InputField
        label="Name"
        value={name}
        onChange={(event) => setName(event.target.value)}
        error={wrong('name')}
        placeholder="Support"
        autoComplete="off"
        required
      />
      <InputField
        label="Slug"
        value={slug}
        onChange={(event) => setTyped(event.target.value)}
        error={wrong('slug')}
        hint="Part of every address, and it stays as it is: lower-case letters, digits and hyphens."
        className="font-mono"
        autoComplete="off"
        spellCheck={false}
        required
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
