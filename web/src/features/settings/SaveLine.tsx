import type { ReactNode } from 'react';

import { messageOf } from '../../api/error';
import { Button } from '../../components/Button';
import { MessageText } from '../../components/SecretText';

interface SaveLineProps {
  saving: { isPending: boolean; isSuccess: boolean; isError: boolean; error: unknown };
  changed: boolean;
  /** More buttons. */
  children?: ReactNode;
}

/** The foot of a form: saving, that it was saved, or why not. */
export function SaveLine({ saving, changed, children }: SaveLineProps) {
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button type="submit" look="primary" busy={saving.isPending} disabled={!changed}>
        Save
      </Button>
      {children}
      <span role="status" className="text-sm text-ink-soft">
        {saving.isSuccess && !changed ? 'Saved.' : ''}
      </span>
      {saving.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(saving.error)} />
        </p>
      )}
    </div>
  );
}
