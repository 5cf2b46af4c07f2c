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
      className="pointer-events-none absolute inset-0 size-full"
    >
      <path
        d="M-20 505C60 330 330 430 330 170"
        className="stroke-rail-soft/35"
        strokeWidth="2"
        strokeDasharray="1 9"
        strokeLinecap="round"
      />
      {STATIONS.map(([x, y]) => (
        <circle key={x} cx={x} cy={y} r="5" className="fill-rail stroke-rail-soft" strokeWidth="2" />
      ))}
      <circle cx="330" cy="160" r="26" className="stroke-marigold/30" strokeWidth="1.5" />
      <circle cx="330" cy="160" r="11" className="fill-marigold" />
    </svg>
  );
}

/** Points of the way, at a quarter, half and three quarters. */
const STATIONS = [
  [68.4, 415.4],
  [185, 369.4],
  [286.6, 307.4],
] as const;
