import type { ComponentProps } from 'react';

import { Spinner } from './Spinner';
import { classes } from '../lib/classes';

type Look = 'primary' | 'quiet' | 'outline' | 'danger';

interface ButtonProps extends ComponentProps<'button'> {
  look?: Look;
  /** Shows that it is at work and takes no second press; it keeps its width and its focus. */
  busy?: boolean;
}

const LOOKS: Record<Look, string> = {
  primary: 'bg-ink text-paper hover:bg-ink/88',
  quiet: 'text-ink-soft hover:bg-hover hover:text-ink',
  outline: 'border border-line bg-surface text-ink hover:bg-hover',
  danger: 'bg-bad text-paper hover:bg-bad/90',
};

const BASE =
  'inline-flex h-9 items-center justify-center gap-2 rounded-lg px-3.5 text-sm font-medium transition-colors ' +
  'disabled:opacity-50 aria-disabled:opacity-60 pointer-coarse:h-11';

/** For links that look like buttons. */
export function buttonClasses(look: Look, className?: string): string {
  return classes(BASE, LOOKS[look], className);
}

export function Button({
  look = 'outline',
  busy = false,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={buttonClasses(look, className)}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

interface IconButtonProps extends ComponentProps<'button'> {
  /** What it does, for screen readers and as its tooltip. */
  label: string;
}

export function IconButton({ label, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      title={label}
      {...rest}
      aria-label={label}
      className={classes(
        'inline-grid size-8 place-items-center rounded-lg text-ink-faint transition-colors hover:bg-hover hover:text-ink',
        'disabled:opacity-40 pointer-coarse:size-11',
        className,
      )}
    >
      {children}
    </button>
  );
}
