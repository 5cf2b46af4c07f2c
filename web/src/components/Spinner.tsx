import { classes } from '../lib/classes';

/** A turning ring; says nothing to screen readers, so words must stand beside it. */
export function Spinner({ className }: { className?: string }) {
  return (
    <span
      aria-hidden
      className={classes(
        'inline-block size-3.5 shrink-0 animate-turn rounded-full border-[1.75px] border-current/25 border-t-current',
        className,
      )}
    />
  );
}
