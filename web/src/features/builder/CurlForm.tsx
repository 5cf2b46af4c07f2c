import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';

import { messageOf } from '../../api/error';
import { readCurl } from '../../api/imports';
import type { Proposal } from '../../api/types';
import { Button } from '../../components/Button';
import { AreaField, CheckField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';

interface CurlFormProps {
  guru: string;
  /** What was pasted already. */
  start: string;
  onProposal: (proposal: Proposal) => void;
}

export function CurlForm({ guru, start, onProposal }: CurlFormProps) {
  const [command, setCommand] = useState(start);
  const [store, setStore] = useState(true);
  const queries = useQueryClient();
  const read = useMutation({
    mutationFn: () => readCurl(guru, command, store),
    onSuccess: async (proposal) => {
      await queries.invalidateQueries({ queryKey: ['secrets', guru] });
      onProposal(proposal);
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!read.isPending) read.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <AreaField
        label="Command"
        rows={6}
        value={command}
        onChange={(event) => setCommand(event.target.value)}
        placeholder="curl https://api.example.com/orders/12345 -H 'Authorization: Bearer …'"
        className="max-h-72 font-mono text-sm!"
        spellCheck={false}
        required
      />
      <CheckField
        label="Keep the credentials in it as secrets; otherwise they are forgotten"
        checked={store}
        onChange={(event) => setStore(event.target.checked)}
      />
      {read.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(read.error)} />
        </p>
      )}
      <div className="flex justify-end">
        <Button type="submit" look="primary" busy={read.isPending}>
          Fill in the action
        </Button>
      </div>
    </form>
  );
}
