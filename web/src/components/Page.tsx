import type { ReactNode } from 'react';

import { useDocumentTitle } from '../lib/hooks';
import { classes } from '../lib/classes';

interface PageProps {
  title: string;
  /** A sentence below the title. */
  lead?: ReactNode;
  /** Stands beside the title. */
  actions?: ReactNode;
  /** Above the title: the way back. */
  back?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

/** A page that scrolls, with its title and what can be done on it. */
export function Page({ title, lead, actions, back, wide = false, children }: PageProps) {
  useDocumentTitle(title);
  return (
    <div className="h-full overflow-y-auto [scrollbar-gutter:stable]">
      <div className={classes('mx-auto w-full px-5 pt-8 pb-16 sm:px-8', wide ? 'max-w-6xl' : 'max-w-4xl')}>
        {back}
        <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-4">
          <div className="min-w-0 flex-1 basis-64">
            <h1 className="text-2xl font-semibold tracking-[-0.02em] wrap-anywhere">{title}</h1>
            {lead !== undefined && <div className="mt-1 max-w-2xl text-ink-soft">{lead}</div>}
          </div>
          {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
        </div>
        <div className="mt-7 grid grid-cols-[minmax(0,1fr)] gap-6">{children}</div>
      </div>
    </div>
  );
}
