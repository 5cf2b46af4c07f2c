import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check, X } from 'lucide-react';
import { useState, type SyntheticEvent } from 'react';

import { importAction } from '../api/actions';
import { messageOf } from '../api/error';
import { readOpenApi, type OpenApiSource } from '../api/imports';
import { renewActions } from '../api/queries';
import type { OpenApiProposals, Proposal } from '../api/types';
import { count } from '../lib/time';
import { Badge } from './Badge';
import { Button } from './Button';
import { InputField } from './Field';
import { TEXT_LINK } from './linkStyles';
import { MessageText } from './SecretText';

interface OpenApiPickerProps {
  guru: string;
  /** Told when exactly one is picked to be looked over; without it everything picked is saved. */
  onProposal?: (proposal: Proposal) => void;
}

/** Reads a document by its address or from a file, and makes actions of the operations that are picked. */
export function OpenApiPicker({ guru, onProposal }: OpenApiPickerProps) {
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
      {read.data !== undefined && (
        <Operations key={read.submittedAt} guru={guru} found={read.data} onProposal={onProposal} />
      )}
    </div>
  );
}

interface OperationsProps extends OpenApiPickerProps {
  found: OpenApiProposals;
}

function Operations({ guru, found, onProposal }: OperationsProps) {
  const [words, setWords] = useState('');
  const [picked, setPicked] = useState<string[]>([]);
  const queries = useQueryClient();
  const bring = useMutation({
    mutationFn: async (proposals: Proposal[]) => {
      const outcomes: Outcome[] = [];
      for (const proposal of proposals) outcomes.push(await importOne(guru, proposal));
      await renewActions(queries, guru);
      return outcomes;
    },
    onSuccess: () => setPicked([]),
  });
  const shown = found.items.filter(({ origin, name }) =>
    `${origin} ${name}`.toLowerCase().includes(words.toLowerCase()),
  );
  const chosen = found.items.filter(({ origin }) => picked.includes(origin));
  const [only] = chosen;
  const fill = chosen.length === 1 && only !== undefined && onProposal !== undefined;
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
          <OperationRow
            key={proposal.origin}
            proposal={proposal}
            picked={picked.includes(proposal.origin)}
            onPicked={(on) =>
              setPicked(
                on ? [...picked, proposal.origin] : picked.filter((origin) => origin !== proposal.origin),
              )
            }
          />
        ))}
      </ul>
      {shown.length === 0 && <p className="text-sm text-ink-soft">No operation matches.</p>}
      <div className="flex flex-wrap items-center justify-end gap-3">
        {fill ? (
          <Button look="primary" onClick={() => onProposal(only)}>
            Fill in the action
          </Button>
        ) : (
          <Button
            look="primary"
            busy={bring.isPending}
            disabled={chosen.length === 0}
            onClick={() => bring.mutate(chosen)}
          >
            {chosen.length === 0 ? 'Pick operations' : `Import ${count(chosen.length, 'action')}, disabled`}
          </Button>
        )}
      </div>
      <ul role="status" className="grid gap-1.5 text-sm empty:hidden">
        {bring.data?.map((outcome) => (
          <OutcomeLine key={outcome.name} guru={guru} outcome={outcome} />
        ))}
      </ul>
    </section>
  );
}

interface OperationRowProps {
  proposal: Proposal;
  picked: boolean;
  onPicked: (picked: boolean) => void;
}

function OperationRow({ proposal, picked, onPicked }: OperationRowProps) {
  const { origin, name, name_is_taken: taken, problems } = proposal;
  return (
    <li>
      <label className="flex cursor-pointer flex-wrap items-center gap-x-3 gap-y-1 px-3.5 py-2.5 text-sm hover:bg-hover">
        <input
          type="checkbox"
          checked={picked}
          onChange={(event) => onPicked(event.target.checked)}
          className="size-4 shrink-0 accent-accent"
        />
        <span className="font-mono text-[0.8125rem] wrap-anywhere">{origin}</span>
        <span className="text-[0.8125rem] text-ink-soft wrap-anywhere">{name}</span>
        {taken && <Badge tone="warn">name taken</Badge>}
        {problems.length > 0 && <Badge tone="warn">needs mending</Badge>}
      </label>
    </li>
  );
}

interface Outcome {
  name: string;
  /** Why it was not saved. */
  error: string | null;
}

async function importOne(guru: string, { name, definition }: Proposal): Promise<Outcome> {
  try {
    await importAction(guru, definition);
    return { name, error: null };
  } catch (error) {
    return { name, error: messageOf(error) };
  }
}

function OutcomeLine({ guru, outcome: { name, error } }: { guru: string; outcome: Outcome }) {
  if (error !== null) {
    return (
      <li className="flex gap-2 text-bad">
        <X aria-hidden className="mt-0.5 size-4 shrink-0" />
        <span className="wrap-anywhere">
          {name}: <MessageText text={error} />
        </span>
      </li>
    );
  }
  return (
    <li className="flex gap-2">
      <Check aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
      <Link to="/g/$guru/action/{-$name}" params={{ guru, name }} className={TEXT_LINK}>
        {name}
      </Link>
    </li>
  );
}
