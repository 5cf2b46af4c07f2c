import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

import { classes } from '../lib/classes';

type Tone = 'info' | 'warn' | 'bad';

const TONES: Record<Tone, string> = {
  info: 'bg-accent-soft text-accent-strong',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
};

const ICONS = { info: Info, warn: TriangleAlert, bad: CircleAlert };

interface NoticeProps {
  tone: Tone;
  children: ReactNode;
  /** Buttons at its end. */
  actions?: ReactNode;
  className?: string;
}

/** One message about a state; a bad one is read out at once. */
export function Notice({ tone, children, actions, className }: NoticeProps) {
  const Icon = ICONS[tone];
  return (
    <div
      role={tone === 'bad' ? 'alert' : 'status'}
      className={classes(
        'flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl px-4 py-3 text-sm',
        TONES[tone],
        className,
      )}
    >
      <Icon aria-hidden className="size-4 shrink-0" />
      <div className="min-w-0 flex-1 basis-52 wrap-anywhere">{children}</div>
      {actions}
    </div>
  );
}
