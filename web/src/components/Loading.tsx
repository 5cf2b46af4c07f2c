import type { ReactNode } from 'react';

import { Button } from './Button';
import { Notice } from './Notice';
import { Skeleton } from './Skeleton';
import { messageOf } from '../api/error';

/** The place of a list that is being loaded. */
export function LoadingRows({ what, rows = 6 }: { what: string; rows?: number }) {
  return (
    <div role="status" className="grid gap-2">
      <span className="sr-only">Loading {what}</span>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} className="h-14 w-full" />
      ))}
    </div>
  );
}

/** What could not be loaded, and the way to try again. */
export function LoadError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <Notice tone="bad" actions={<Button onClick={onRetry}>Try again</Button>}>
      {messageOf(error)}
    </Notice>
  );
}

/** A list with nothing in it: why, and what to do. */
export function Nothing({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-2 rounded-2xl border border-dashed border-line px-6 py-12 text-center">
      <p className="font-semibold">{title}</p>
      <div className="max-w-md text-sm text-ink-soft">{children}</div>
    </div>
  );
}
