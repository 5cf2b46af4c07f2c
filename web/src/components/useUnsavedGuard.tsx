import { useBlocker } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { ConfirmDialog } from './ConfirmDialog';

/** Keeps unsaved work from being left by accident: a link asks, closing the tab asks the browser's way. */
export function useUnsavedGuard(unsaved: boolean): ReactNode {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => unsaved && current.pathname !== next.pathname,
    enableBeforeUnload: () => unsaved,
    withResolver: true,
  });
  return (
    <ConfirmDialog
      open={blocker.status === 'blocked'}
      onOpenChange={(open) => {
        if (!open) blocker.reset?.();
      }}
      title="Leave without saving?"
      confirm="Leave"
      busy={false}
      error={null}
      onConfirm={() => blocker.proceed?.()}
    >
      What you changed here is not saved and would be lost.
    </ConfirmDialog>
  );
}
