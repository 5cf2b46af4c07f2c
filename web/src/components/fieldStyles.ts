/** How every box to type or choose in looks. */
export const FIELD =
  'w-full rounded-lg border border-line-strong bg-surface px-3 text-[0.9375rem] placeholder:text-ink-faint ' +
  'aria-invalid:border-bad disabled:opacity-60';
