import { FileCode2, Terminal } from 'lucide-react';
import { useState } from 'react';

import { CurlForm } from './CurlForm';
import { OpenApiForm } from './OpenApiForm';
import type { Builder } from './useBuilder';
import type { Proposal } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Notice } from '../../components/Notice';
import { MessageText } from '../../components/SecretText';

/** Ways to begin with what is there already: a command, or an API's document. */
export function ImportHelp({ builder }: { builder: Builder }) {
  const [open, setOpen] = useState<'curl' | 'openapi' | null>(null);
  const [taken, setTaken] = useState<Proposal | null>(null);
  const take = (proposal: Proposal) => {
    builder.replace(proposal.definition);
    setTaken(proposal);
    setOpen(null);
  };
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => setOpen('curl')}>
          <Terminal aria-hidden className="size-4" />
          Paste a cURL command
        </Button>
        <Button onClick={() => setOpen('openapi')}>
          <FileCode2 aria-hidden className="size-4" />
          Pick from an OpenAPI document
        </Button>
      </div>
      {taken !== null && <Taken proposal={taken} />}
      <Dialog
        open={open === 'curl'}
        onOpenChange={(next) => setOpen(next ? 'curl' : null)}
        title="Paste a cURL command"
        wide
      >
        <CurlForm guru={builder.guru} onProposal={take} />
      </Dialog>
      <Dialog
        open={open === 'openapi'}
        onOpenChange={(next) => setOpen(next ? 'openapi' : null)}
        title="Pick from an OpenAPI document"
        wide
      >
        <OpenApiForm guru={builder.guru} onProposal={take} />
      </Dialog>
    </div>
  );
}

/** What was read, and what one should look at. */
function Taken({ proposal }: { proposal: Proposal }) {
  const unset = proposal.secrets.filter(({ stored }) => !stored);
  return (
    <Notice tone="info">
      Filled in from <code className="font-mono">{proposal.origin}</code>. Look over each step.
      {unset.length > 0 && (
        <> To be set as secrets before it is saved: {unset.map(({ name }) => name).join(', ')}.</>
      )}
      {proposal.notes.length > 0 && (
        <ul className="mt-1.5 list-disc pl-4">
          {proposal.notes.map((note) => (
            <li key={note}>
              <MessageText text={note} />
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}
