/** How every popup menu looks. */
export const MENU_POPUP =
  'min-w-56 max-w-[calc(100vw-1.5rem)] rounded-xl border border-line bg-surface p-1.5 shadow-float outline-none';
export const MENU_ITEM =
  'flex min-h-9 w-full items-center gap-2.5 rounded-lg px-2.5 text-sm outline-none select-none cursor-default ' +
  'data-highlighted:bg-hover pointer-coarse:min-h-11';
