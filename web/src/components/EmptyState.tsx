import type { ReactNode } from 'react';

interface EmptyStateProps {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}

/** A whole pane with nothing to show, or that could not be shown: what it is, and what to do. */
export function EmptyState({ title, children, actions }: EmptyStateProps) {
  return (
    <div className="grid h-full place-content-center justify-items-center gap-3 p-8 text-center">
      <h1 className="text-lg font-semibold">{title}</h1>
      <div className="max-w-md text-ink-soft">{children}</div>
      {actions !== undefined && <div className="mt-2 flex gap-2">{actions}</div>}
    </div>
  );
}
