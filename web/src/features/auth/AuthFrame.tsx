import type { ReactNode } from 'react';

import { Logo } from '../../components/Logo';

interface AuthFrameProps {
  title: string;
  lead: string;
  children: ReactNode;
}

/** The frame of the pages outside a session. */
export function AuthFrame({ title, lead, children }: AuthFrameProps) {
  return (
    <div className="grid min-h-dvh lg:grid-cols-[minmax(22rem,2fr)_3fr]">
      <aside className="relative hidden flex-col justify-between overflow-hidden bg-rail p-10 text-rail-ink lg:flex">
        <span className="flex items-center gap-2.5 text-lg font-semibold tracking-[-0.01em]">
          <Logo className="size-7" />
          Errand
        </span>
        <p className="relative max-w-72 text-2xl leading-snug font-medium tracking-[-0.02em] text-balance">
          Ask, and it gets done. With a record of every step.
        </p>
        <Route />
      </aside>
      <main className="grid content-center justify-items-center p-6">
        <div className="w-full max-w-sm">
          <span className="mb-10 flex items-center gap-2 font-semibold lg:hidden">
            <Logo className="size-6" />
            Errand
          </span>
          <h1 className="text-2xl font-semibold tracking-[-0.02em]">{title}</h1>
          <p className="mt-1.5 mb-8 text-ink-soft">{lead}</p>
          {children}
        </div>
      </main>
    </div>
  );
}

/** The mark's way, grown to fill the side. */
function Route() {
  return (
    <svg
      viewBox="0 0 400 600"
      aria-hidden
      fill="none"
      className="pointer-events-none absolute inset-0 size-full opacity-60"
    >
      <path
        d="M-40 470C60 250 330 420 330 170"
        className="stroke-rail-hover"
        strokeWidth="26"
        strokeLinecap="round"
      />
      <circle cx="330" cy="150" r="34" className="fill-marigold" />
    </svg>
  );
}
