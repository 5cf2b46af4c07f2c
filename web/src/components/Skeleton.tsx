import { classes } from '../lib/classes';

/** The place of something that is being loaded. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={classes('block animate-breathe rounded-md bg-hover', className)} />;
}
