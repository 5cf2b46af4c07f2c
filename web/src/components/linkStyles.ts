/** Links that look like the buttons beside them. */
const BASE =
  'inline-flex h-9 items-center justify-center gap-2 rounded-lg px-3.5 text-sm font-medium transition-colors pointer-coarse:h-11';
export const LINK_BUTTON = `${BASE} border border-line bg-surface text-ink hover:bg-hover`;
export const LINK_BUTTON_PRIMARY = `${BASE} bg-ink text-paper hover:bg-ink/88`;
export const TEXT_LINK = 'text-accent underline underline-offset-3';
