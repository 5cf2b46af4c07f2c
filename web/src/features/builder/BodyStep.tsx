import { useQuery } from '@tanstack/react-query';
import { useCallback, useRef } from 'react';

import { ApiCallFields } from './ApiCallFields';
import { Palette } from './Palette';
import { PythonFields } from './PythonFields';
import { offersOf } from './draft';
import type { Builder } from './useBuilder';
import { secretsQuery } from '../../api/queries';
import { AreaField } from '../../components/Field';
import { Notice } from '../../components/Notice';
import { wrongWith } from './check';

const NO_SECRETS: string[] = [];

/** What the action does: a request or a script, with what they may refer to at hand. */
export function BodyStep({ builder, stoppedAt }: { builder: Builder; stoppedAt: number | null }) {
  const { draft, guru } = builder;
  const secrets = useQuery({
    ...secretsQuery(guru),
    select: (list) => list.map(({ name }) => name),
  });
  const offers = offersOf(draft, secrets.data ?? NO_SECRETS);
  // The box that was typed in last: what is clicked goes there.
  const insert = useRef<((name: string) => void) | null>(null);
  const onFocus = useCallback((into: (name: string) => void) => {
    insert.current = into;
  }, []);
  const { run } = draft;
  if (run.type === 'agent') {
    return (
      <Notice tone="info">Agents are written as action files: export it, change it, import it again.</Notice>
    );
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-[minmax(0,1fr)_17rem]">
      <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-6">
        {run.type === 'api_call' ? (
          <ApiCallFields builder={builder} call={run} offers={offers} onFocus={onFocus} />
        ) : (
          <PythonFields
            builder={builder}
            python={run}
            offers={offers}
            secrets={secrets.data ?? NO_SECRETS}
            stoppedAt={stoppedAt}
            onFocus={onFocus}
          />
        )}
        <HostsField builder={builder} />
      </div>
      <Palette
        guru={guru}
        offers={offers}
        kind={run.type}
        onPick={(offer) => {
          if (run.type === 'python' && offer.kind === 'secret') listSecret(builder, offer.name);
          insert.current?.(offer.name);
        }}
      />
    </div>
  );
}

/** A script is given only the secrets that it lists. */
function listSecret({ draft, changeRun }: Builder, name: string): void {
  if (draft.run.type !== 'python') return;
  const listed = draft.run.secrets ?? [];
  if (!listed.includes(name)) changeRun({ secrets: [...listed, name] });
}

function HostsField({ builder: { draft, problems, change } }: { builder: Builder }) {
  return (
    <AreaField
      label="Allowed hosts"
      rows={2}
      value={(draft.allowed_hosts ?? []).join('\n')}
      error={wrongWith(problems, 'allowed_hosts', true)}
      placeholder={'api.example.com\n*.example.com'}
      spellCheck={false}
      className="font-mono text-sm!"
      hint="One a line. Empty: any host that the operator’s policy allows."
      onChange={(event) => {
        const text = event.target.value;
        change({ allowed_hosts: text === '' ? [] : text.split('\n') });
      }}
      onBlur={() => {
        const hosts = (draft.allowed_hosts ?? []).map((host) => host.trim()).filter((host) => host !== '');
        change({ allowed_hosts: hosts });
      }}
    />
  );
}
