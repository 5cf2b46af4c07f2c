import { Ban, Check, CircleHelp, Clock, MessageCircleQuestion, ShieldX, X } from 'lucide-react';
import type { ReactNode } from 'react';

import type { ExecutionStatus } from '../api/types';
import { classes } from '../lib/classes';
import { Spinner } from './Spinner';

export type ShownStatus = ExecutionStatus | 'missing';

interface Look {
  words: string;
  tone: string;
  text: string;
  icon: ReactNode;
}

const SIZE = 'size-3.5';

const LOOKS: Record<ShownStatus, Look> = {
  queued: {
    words: 'Waiting',
    tone: 'bg-sunken text-ink-faint',
    text: 'text-ink-faint',
    icon: <Clock className={SIZE} />,
  },
  running: { words: 'Running', tone: 'bg-accent-soft text-accent', text: 'text-accent', icon: <Spinner /> },
  succeeded: {
    words: 'Succeeded',
    tone: 'bg-ok-soft text-ok',
    text: 'text-ok',
    icon: <Check className={SIZE} strokeWidth={2.5} />,
  },
  failed: {
    words: 'Failed',
    tone: 'bg-bad-soft text-bad',
    text: 'text-bad',
    icon: <X className={SIZE} strokeWidth={2.5} />,
  },
  refused: {
    words: 'Refused',
    tone: 'bg-bad-soft text-bad',
    text: 'text-bad',
    icon: <ShieldX className={SIZE} />,
  },
  timed_out: {
    words: 'Timed out',
    tone: 'bg-warn-soft text-warn',
    text: 'text-warn',
    icon: <Clock className={SIZE} />,
  },
  cancelled: {
    words: 'Cancelled',
    tone: 'bg-sunken text-ink-soft',
    text: 'text-ink-soft',
    icon: <Ban className={SIZE} />,
  },
  unknown: {
    words: 'Outcome unknown',
    tone: 'bg-warn-soft text-warn',
    text: 'text-warn',
    icon: <CircleHelp className={SIZE} />,
  },
  missing: {
    words: 'Needs more',
    tone: 'bg-warn-soft text-warn',
    text: 'text-warn',
    icon: <MessageCircleQuestion className={SIZE} />,
  },
};

export const statusWords = (status: ShownStatus): string => LOOKS[status].words;
export const statusTextTone = (status: ShownStatus): string => LOOKS[status].text;

/** A status as a small round sign; its words must stand beside it. */
export function StatusIcon({ status }: { status: ShownStatus }) {
  const look = LOOKS[status];
  return (
    <span aria-hidden className={classes('grid size-6 shrink-0 place-items-center rounded-full', look.tone)}>
      {look.icon}
    </span>
  );
}
