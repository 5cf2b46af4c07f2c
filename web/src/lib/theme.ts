/** Light, dark, or as the system has it. `public/theme.js` sets the first paint by the same rule. */
import { useSyncExternalStore } from 'react';

import { readStored, writeStored } from './storage';

export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'errand.theme';
const changed = new EventTarget();
const systemDark = () => matchMedia('(prefers-color-scheme: dark)');

export function themeChoice(): ThemeChoice {
  const stored = readStored('local', KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function chooseTheme(choice: ThemeChoice): void {
  writeStored('local', KEY, choice === 'system' ? null : choice);
  applyTheme();
  changed.dispatchEvent(new Event('change'));
}

export function applyTheme(): void {
  const choice = themeChoice();
  const dark = choice === 'dark' || (choice === 'system' && systemDark().matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

/** Follows the system and other tabs from now on. */
export function watchTheme(): void {
  systemDark().addEventListener('change', applyTheme);
  addEventListener('storage', (event) => {
    if (event.key === KEY) applyTheme();
  });
}

export function useThemeChoice(): ThemeChoice {
  return useSyncExternalStore((notify) => {
    changed.addEventListener('change', notify);
    return () => changed.removeEventListener('change', notify);
  }, themeChoice);
}
