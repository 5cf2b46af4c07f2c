import { useQuery } from '@tanstack/react-query';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { NewKeyDialog } from './NewKeyDialog';
import { keysQuery } from './queries';
import { useChange } from './useChange';
import { endKey } from '../../api/people';
import type { ApiKey, Guru } from '../../api/types';
import { Badge } from '../../components/Badge';
import { Button, IconButton } from '../../components/Button';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { LoadError, LoadingRows, Nothing } from '../../components/Loading';
import { Page } from '../../components/Page';
import { When } from '../../components/When';

/** Keys for programs that use this guru. */
export function KeysPage({ guru }: { guru: Guru }) {
  const list = useQuery(keysQuery(guru.slug));
  const [making, setMaking] = useState(false);
  const [doomed, setDoomed] = useState<ApiKey | null>(null);
  const end = useChange(
    (id: string) => endKey(guru.slug, id),
    ['keys', guru.slug],
    () => setDoomed(null),
  );
  const keys = list.data;
  return (
    <Page
      title="API keys"
      lead="For programs that ask this guru, run its actions or manage it. A key is shown once, when it is made."
      actions={
        <Button look="primary" onClick={() => setMaking(true)}>
          <Plus aria-hidden className="size-4" />
          New key
        </Button>
      }
    >
      {list.isPending && <LoadingRows what="keys" rows={3} />}
      {list.isError && keys === undefined && (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      )}
      {keys?.length === 0 && (
        <Nothing title="No key yet">Make one for each program, so that it can be ended on its own.</Nothing>
      )}
      {keys !== undefined && keys.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
          {keys.map((key) => (
            <li key={key.id} data-key={key.name} className="flex items-start gap-3 px-4 py-3.5">
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-center gap-1.5 text-sm font-medium wrap-anywhere">
                  <span className="mr-1">{key.name}</span>
                  {key.scopes.map((scope) => (
                    <Badge key={scope}>{scope}</Badge>
                  ))}
                  {key.guru_id == null && <Badge tone="accent">all gurus</Badge>}
                </p>
                <p className="mt-0.5 text-[0.8125rem] text-ink-soft">
                  made <When at={key.created_at} /> ·{' '}
                  {key.last_used_at == null ? (
                    'never used'
                  ) : (
                    <>
                      used <When at={key.last_used_at} />
                    </>
                  )}
                </p>
              </div>
              <IconButton label={`End ${key.name}`} onClick={() => setDoomed(key)}>
                <Trash2 className="size-4" />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      <NewKeyDialog guru={guru.slug} open={making} onClose={() => setMaking(false)} />
      <ConfirmDialog
        open={doomed !== null}
        onOpenChange={(open) => {
          if (open) return;
          end.reset();
          setDoomed(null);
        }}
        title={`End the key ${doomed?.name ?? ''}?`}
        confirm="End it"
        busy={end.isPending}
        error={end.error}
        onConfirm={() => {
          if (doomed !== null) end.mutate(doomed.id);
        }}
      >
        The program that uses it is refused from now on.
      </ConfirmDialog>
    </Page>
  );
}
