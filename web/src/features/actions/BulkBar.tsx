import { useMutation, useQueryClient } from '@tanstack/react-query';

import { setEnabled } from '../../api/actions';
import { messageOf } from '../../api/error';
import { renewActions } from '../../api/queries';
import type { Action } from '../../api/types';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { MessageText } from '../../components/SecretText';
import { count } from '../../lib/time';

interface BulkBarProps {
  guru: string;
  picked: Action[];
  onDone: () => void;
}

interface Refusal {
  name: string;
  why: string;
}

/** What can be done with several actions at once. One that is refused keeps none of the others back. */
export function BulkBar({ guru, picked, onDone }: BulkBarProps) {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: async (enabled: boolean) => {
      const refused: Refusal[] = [];
      for (const { name } of picked.filter((action) => action.enabled !== enabled)) {
        await setEnabled(guru, name, enabled).catch((error: unknown) =>
          refused.push({ name, why: messageOf(error) }),
        );
      }
      await renewActions(queries, guru);
      return refused;
    },
    onSuccess: (refused) => {
      if (refused.length === 0) onDone();
    },
  });
  const refused = change.data ?? [];
  if (picked.length === 0 && refused.length === 0) return null;
  return (
    <div className="grid gap-2">
      {picked.length > 0 && (
        <div
          role="toolbar"
          aria-label="Chosen actions"
          className="flex flex-wrap items-center gap-2 rounded-xl bg-sunken px-4 py-2"
        >
          <span className="mr-2 text-sm">{count(picked.length, 'action')} chosen</span>
          <Button busy={change.isPending && change.variables} onClick={() => change.mutate(true)}>
            Enable
          </Button>
          <Button busy={change.isPending && !change.variables} onClick={() => change.mutate(false)}>
            Disable
          </Button>
          <Button look="quiet" onClick={onDone}>
            Choose none
          </Button>
        </div>
      )}
      {refused.map(({ name, why }) => (
        <Notice key={name} tone="bad">
          <MessageText text={why} />
        </Notice>
      ))}
    </div>
  );
}
