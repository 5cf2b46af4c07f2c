import { FileCode2, Terminal } from 'lucide-react';
import { useEffect, useState } from 'react';

import { CurlForm } from './CurlForm';
import type { Builder } from './useBuilder';
import type { Proposal } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { Notice } from '../../components/Notice';
import { OpenApiPicker } from '../../components/OpenApiPicker';
import { MessageText } from '../../components/SecretText';

/** Ways to begin with what is there already: a command, or an API's document. */
export function ImportHelp({ builder, onTest }: { builder: Builder; onTest: () => void }) {
  const [open, setOpen] = useState<'curl' | 'openapi' | null>(null);
  const [taken, setTaken] = useState<Proposal | null>(null);
  const [command, setCommand] = useState('');
  // A command that is pasted on the page, wherever, is meant for the dialog.
  useEffect(() => {
    if (open !== null) return;
    const onPaste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData('text/plain') ?? '';
      if (!/^\s*curl\s/.test(text)) return;
      event.preventDefault();
      setCommand(text.trim());
      setOpen('curl');
    };
    document.addEventListener('paste', onPaste);
    return () => document.removeEventListener('paste', onPaste);
  }, [open]);
  const take = (proposal: Proposal) => {
    builder.replace(proposal.definition);
    setTaken(proposal);
    setOpen(null);
  };
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap gap-2">
        <Button
          title="Or press Ctrl+V anywhere on this page"
          onClick={() => {
            setCommand('');
            setOpen('curl');
          }}
        >
          <Terminal aria-hidden className="size-4" />
          Paste a cURL command
        </Button>
        <Button onClick={() => setOpen('openapi')}>
          <FileCode2 aria-hidden className="size-4" />
          Pick from an OpenAPI document
        </Button>
      </div>
      {taken !== null && <Taken proposal={taken} onTest={onTest} />}
      <Dialog
        open={open === 'curl'}
        onOpenChange={(next) => setOpen(next ? 'curl' : null)}
        title="Paste a cURL command"
        wide
      >
        <CurlForm guru={builder.guru} start={command} onProposal={take} />
      </Dialog>
      <Dialog
        open={open === 'openapi'}
        onOpenChange={(next) => setOpen(next ? 'openapi' : null)}
        title="Pick from an OpenAPI document"
        wide
      >
        <OpenApiPicker guru={builder.guru} onProposal={take} />
      </Dialog>
    </div>
  );
}

/** What was read, and what one should look at. */
function Taken({ proposal, onTest }: { proposal: Proposal; onTest: () => void }) {
  const unset = proposal.secrets.filter(({ stored }) => !stored);
  return (
    <Notice tone="info" actions={<Button onClick={onTest}>Test it</Button>}>
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
