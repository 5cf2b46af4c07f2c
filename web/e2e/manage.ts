import type { Page } from '@playwright/test';

import { expect } from './chat';

/** The demo's guru. */
export const GURU = '/g/demo';

/** Opens one of the pages to manage the demo's guru, and waits until it stands. */
export async function openPage(page: Page, path: string, title: string | RegExp): Promise<void> {
  await page.goto(`${GURU}/${path}`);
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
}

/** A name of an action that no other test has. */
export function freshName(base: string): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const random = Array.from({ length: 8 }, () => letters[Math.floor(Math.random() * letters.length)]);
  return `${base}_${random.join('')}`;
}

/** Goes to a step of the builder. */
export async function goToStep(page: Page, step: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Steps' }).getByRole('button', { name: step }).click();
}

/** Types into a code field, whatever stood there. */
export async function typeCode(page: Page, label: string, text: string): Promise<void> {
  const box = page.getByRole('textbox', { name: label, exact: true });
  await box.click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}

/** Deletes an action by its row's menu. */
export async function deleteAction(page: Page, name: string): Promise<void> {
  await openPage(page, 'actions', 'Actions');
  await page.getByRole('button', { name: `Menu of ${name}`, exact: true }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.locator(`[data-action="${name}"]`)).toHaveCount(0);
}
