import { useMutation, useQueryClient } from '@tanstack/react-query';

import { renewActions } from '../../api/queries';
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
  const remove = useMutation({
    mutationFn: (name: string) => deleteSecret(guru, name),
    onSuccess: async () => {
      onClose();
      await renewActions(queries, guru);
    },
  });
  const stopped = secret?.disables ?? [];
  const elsewhere = secret?.used_elsewhere ?? [];
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
            {stopped.map((name) => (
              <li key={name} className="font-mono text-[0.8125rem]">
                {name}
              </li>
            ))}
          </ul>
        </>
      )}
      {elsewhere.length > 0 && <p className="mt-2">It is also used by {elsewhere.join(', ')}.</p>}
    </ConfirmDialog>
  );
}
