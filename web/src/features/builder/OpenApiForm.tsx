import { useMutation } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';

import { messageOf } from '../../api/error';
import { readOpenApi, type OpenApiSource } from '../../api/imports';
import type { OpenApiProposals, Proposal } from '../../api/types';
import { Badge } from '../../components/Badge';
import { Button } from '../../components/Button';
import { InputField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';

interface OpenApiFormProps {
  guru: string;
  onProposal: (proposal: Proposal) => void;
}

/** Reads a document by its address or from a file, and offers its operations. */
export function OpenApiForm({ guru, onProposal }: OpenApiFormProps) {
  const [url, setUrl] = useState('');
  const read = useMutation({ mutationFn: (source: OpenApiSource) => readOpenApi(guru, source) });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!read.isPending) read.mutate({ url });
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <form onSubmit={submit} className="grid grid-cols-[minmax(0,1fr)_auto] items-end gap-2">
        <InputField
          label="Address"
          type="url"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
          placeholder="https://api.example.com/openapi.json"
          required
        />
        <Button type="submit" className="h-10!" busy={read.isPending}>
          Read it
        </Button>
      </form>
      <label className="grid gap-1.5 text-sm font-medium">
        Or a file, JSON or YAML
        <input
          type="file"
          accept=".json,.yaml,.yml,application/json"
          className="text-sm font-normal text-ink-soft file:mr-3 file:h-9 file:rounded-lg file:border file:border-solid file:border-line file:bg-surface file:px-3.5 file:text-sm file:font-medium file:text-ink"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file !== undefined) void file.text().then((document) => read.mutate({ document }));
          }}
        />
      </label>
      {read.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(read.error)} />
        </p>
      )}
      {read.data !== undefined && <Operations found={read.data} onProposal={onProposal} />}
    </div>
  );
}

interface OperationsProps {
  found: OpenApiProposals;
  onProposal: (proposal: Proposal) => void;
}

function Operations({ found, onProposal }: OperationsProps) {
  const [words, setWords] = useState('');
  const shown = found.items.filter(({ origin, name }) =>
    `${origin} ${name}`.toLowerCase().includes(words.toLowerCase()),
  );
  return (
    <section aria-label="Operations" className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <InputField
        label={`Operations of ${found.title}`}
        type="search"
        value={words}
        onChange={(event) => setWords(event.target.value)}
        placeholder="Search"
        hint={
          found.left_out > 0
            ? `${found.left_out} more were left out: the document has more than is read.`
            : undefined
        }
      />
      <ul className="max-h-80 divide-y divide-line overflow-y-auto rounded-lg border border-line">
        {shown.map((proposal) => (
          <li key={proposal.origin}>
            <button
              type="button"
              onClick={() => onProposal(proposal)}
              className="flex w-full flex-wrap items-center gap-2 px-3.5 py-2.5 text-left text-sm -outline-offset-2 hover:bg-hover"
            >
              <span className="font-mono text-[0.8125rem] wrap-anywhere">{proposal.origin}</span>
              {proposal.name_is_taken && <Badge tone="warn">name taken</Badge>}
              {proposal.problems.length > 0 && <Badge tone="warn">needs mending</Badge>}
            </button>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="text-sm text-ink-soft">No operation matches.</p>}
    </section>
  );
}
