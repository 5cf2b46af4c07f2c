import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Globe, KeyRound, Plus, RotateCw, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { BindSecretDialog } from './BindSecretDialog';
import { DeleteSecretDialog } from './DeleteSecretDialog';
import { SetSecretDialog, type Setting } from './SetSecretDialog';
import { actionsQuery, secretsQuery } from '../../api/queries';
import type { Secret } from '../../api/types';
import { Button, IconButton } from '../../components/Button';
import { LoadError, LoadingRows, Nothing } from '../../components/Loading';
import { MissingSecrets } from '../../components/MissingSecrets';
import { Page } from '../../components/Page';
import { When } from '../../components/When';
import { TEXT_LINK } from '../../components/linkStyles';

interface SecretsPageProps {
  guru: string;
  /** The name of a secret to be set at once. */
  wanted: string | null;
  onWantedDone: () => void;
}

/** The guru's secrets: names, where they are used, and never a value. */
export function SecretsPage({ guru, wanted, onWantedDone }: SecretsPageProps) {
  const list = useQuery(secretsQuery(guru));
  const actions = useQuery(actionsQuery(guru)).data?.items ?? [];
  const [chosen, setChosen] = useState<Setting | null>(null);
  const [doomed, setDoomed] = useState<Secret | null>(null);
  const [bound, setBound] = useState<Secret | null>(null);
  const secrets = list.data;
  const missing = [...new Set(actions.flatMap((action) => action.missing_secrets))].sort();
  // An address that asks for one opens its dialog, with what is known of it.
  const known = secrets?.some(({ name }) => name === wanted) === true;
  const asked: Setting | null =
    wanted === null || secrets === undefined ? null : { name: wanted, kind: known ? 'rotate' : 'named' };
  return (
    <Page
      title="Secrets"
      lead="Credentials that actions use by name. A value goes in and never comes out: it is encrypted, and masked wherever an action would show it."
      actions={
        <Button look="primary" onClick={() => setChosen({ name: '', kind: 'new' })}>
          <Plus aria-hidden className="size-4" />
          New secret
        </Button>
      }
    >
      <MissingSecrets guru={guru} names={missing} />
      {list.isPending && <LoadingRows what="secrets" rows={4} />}
      {list.isError && secrets === undefined && (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      )}
      {secrets?.length === 0 && (
        <Nothing title="No secret yet">
          Keep an API key here and write its name in braces where the action needs it, such as{' '}
          <code className="font-mono">{'{STRIPE_API_KEY}'}</code>.
        </Nothing>
      )}
      {secrets !== undefined && secrets.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
          {secrets.map((secret) => (
            <SecretRow
              key={secret.name}
              guru={guru}
              secret={secret}
              onRotate={() => setChosen({ name: secret.name, kind: 'rotate' })}
              onBind={() => setBound(secret)}
              onDelete={() => setDoomed(secret)}
            />
          ))}
        </ul>
      )}
      <SetSecretDialog
        guru={guru}
        setting={chosen ?? asked}
        onClose={() => {
          setChosen(null);
          if (wanted !== null) onWantedDone();
        }}
      />
      <BindSecretDialog guru={guru} secret={bound} onClose={() => setBound(null)} />
      <DeleteSecretDialog guru={guru} secret={doomed} onClose={() => setDoomed(null)} />
    </Page>
  );
}

interface SecretRowProps {
  guru: string;
  secret: Secret;
  onRotate: () => void;
  onBind: () => void;
  onDelete: () => void;
}

function SecretRow({ guru, secret, onRotate, onBind, onDelete }: SecretRowProps) {
  const { name, version, updated_at, used_by, used_elsewhere, hosts, last_used_at, last_used_by } = secret;
  return (
    <li data-secret={name} className="flex items-start gap-3 px-4 py-3.5">
      <KeyRound aria-hidden className="mt-1 size-4 shrink-0 text-ink-faint" />
      <div className="min-w-0 flex-1">
        <p className="font-mono text-sm font-medium wrap-anywhere">{name}</p>
        <p className="mt-0.5 text-[0.8125rem] text-ink-soft">
          Version {version}, set <When at={updated_at} />
          {' · '}
          {used_by.length === 0 ? (
            'used by no action'
          ) : (
            <>
              used by{' '}
              {used_by.map((action, index) => (
                <span key={action}>
                  {index > 0 && ', '}
                  <Link to="/g/$guru/action/{-$name}" params={{ guru, name: action }} className={TEXT_LINK}>
                    {action}
                  </Link>
                </span>
              ))}
            </>
          )}
          {used_elsewhere.length > 0 && `; ${used_elsewhere.join(', ')}`}
        </p>
        <p className="mt-0.5 text-[0.8125rem] text-ink-soft wrap-anywhere">
          {hosts.length === 0 ? (
            'Sent wherever its actions go'
          ) : (
            <>
              Sent to <span className="font-mono">{hosts.join(', ')}</span> only
            </>
          )}
          {' · '}
          {last_used_at == null ? (
            'not used yet'
          ) : (
            <>
              last used <When at={last_used_at} />
              {last_used_by != null && <> by {last_used_by}</>}
            </>
          )}
        </p>
      </div>
      <IconButton label={`Choose the hosts of ${name}`} onClick={onBind}>
        <Globe className="size-4" />
      </IconButton>
      <IconButton label={`Give ${name} a new value`} onClick={onRotate}>
        <RotateCw className="size-4" />
      </IconButton>
      <IconButton label={`Delete ${name}`} onClick={onDelete}>
        <Trash2 className="size-4" />
      </IconButton>
    </li>
  );
}
