import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { actionsQuery, renewActions } from '../../api/queries';
import { deleteSecret } from '../../api/secrets';
import type { Secret } from '../../api/types';
import { ConfirmDialog } from '../../components/ConfirmDialog';

interface DeleteSecretDialogProps {
  guru: string;
  secret: Secret | null;
  onClose: () => void;
}

/** Says which actions would stop working before it deletes. */
export function DeleteSecretDialog({ guru, secret, onClose }: DeleteSecretDialogProps) {
  const queries = useQueryClient();
  const actions = useQuery(actionsQuery(guru)).data?.items ?? [];
  const remove = useMutation({
    mutationFn: (name: string) => deleteSecret(guru, name),
    onSuccess: async () => {
      onClose();
      await renewActions(queries, guru);
    },
  });
  const stopped = actions.filter(({ name, enabled }) => enabled && secret?.used_by.includes(name) === true);
  return (
    <ConfirmDialog
      open={secret !== null}
      onOpenChange={(open) => {
        if (open) return;
        remove.reset();
        onClose();
      }}
      title={`Delete ${secret?.name ?? ''}?`}
      confirm="Delete"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => {
        if (secret !== null) remove.mutate(secret.name);
      }}
    >
      <p>The value is gone for good.</p>
      {stopped.length > 0 && (
        <>
          <p className="mt-2">{stopped.length === 1 ? 'This action' : 'These actions'} will be disabled:</p>
          <ul className="mt-1 list-disc pl-5 text-ink">
            {stopped.map(({ name }) => (
              <li key={name} className="font-mono text-[0.8125rem]">
                {name}
              </li>
            ))}
          </ul>
        </>
      )}
    </ConfirmDialog>
  );
}
