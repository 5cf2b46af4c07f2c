import { readFile } from 'node:fs/promises';

import { askToTheEnd, expect, expectAccessible, openChat, test } from './chat';
import { deleteAction, freshName, openPage } from './manage';

test('the list says how many are used; actions are found, disabled and enabled', async ({ page }) => {
  await openPage(page, 'actions', 'Actions');
  await expect(page.getByText(/^\d+ of \d+ actions used/)).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel('Search actions').fill('incident affects');
  const row = page.locator('[data-action="incident_impact"]');
  await expect(row).toBeVisible();
  await expect(page.locator('[data-action]')).toHaveCount(1);
  await page.getByLabel('Choose incident_impact').check();
  await page.getByRole('button', { name: 'Disable', exact: true }).click();
  await expect(row).toContainText('Disabled');
  await page.getByLabel('Choose incident_impact').check();
  await page.getByRole('button', { name: 'Enable', exact: true }).click();
  await expect(row).toContainText('Enabled');
});

test('an action is triggered by hand, found in the history, and run again', async ({ page }) => {
  test.slow();
  await openPage(page, 'actions', 'Actions');
  await page.getByRole('button', { name: 'Menu of order_status' }).click();
  await expectAccessible(page);
  await page.getByRole('menuitem', { name: 'Trigger now' }).click();
  const dialog = page.getByRole('dialog', { name: 'Trigger order_status' });
  await dialog.getByRole('button', { name: 'Run it' }).click();
  await expect(dialog.getByRole('alert')).toContainText('order_id');
  await dialog.getByLabel('order_id').fill('12345');
  await dialog.getByRole('button', { name: 'Run it' }).click();
  await expect(dialog.getByText('Succeeded')).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole('link', { name: 'Details' }).click();

  await expect(page.getByRole('heading', { level: 1, name: 'order_status' })).toBeVisible();
  await expect(page.getByText('Triggered by hand')).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Where the time went' })).toBeVisible();
  await page.getByRole('button', { name: /events$/ }).click();
  await expect(page.getByText('action_finished')).toBeVisible();
  await expectAccessible(page);
  const first = page.url();
  await page.getByRole('button', { name: 'Run again' }).click();
  await expect(page).not.toHaveURL(first);
  await expect(page.locator('[data-status="succeeded"]').first()).toBeVisible();
});

test('the history follows what runs, and keeps its filters in the address', async ({ page, context }) => {
  // Words that no other test uses: those run beside this one.
  await openPage(page, 'history?action=product_availability&text=silver', 'History');
  const rows = page.locator('[data-run]');
  await expect(rows.first().or(page.getByText('No run matches'))).toBeVisible();
  const before = await rows.count();
  const other = await context.newPage();
  await openChat(other);
  await askToTheEnd(other, 'Is the Aurora desk lamp in silver in stock?');
  await other.close();
  await expect(rows).toHaveCount(before + 1);
  await expectAccessible(page);
  await page.getByLabel('Text').fill('no such words anywhere');
  await expect(page).toHaveURL(/text=/);
  await expect(page.getByText('No run matches')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Text')).toHaveValue('no such words anywhere');
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await expect(page).toHaveURL(/history$/);
  await expect(rows.first()).toBeVisible();
});

test('the history is taken along as a file, with its filters', async ({ page }) => {
  await openChat(page);
  await askToTheEnd(page, 'Is the Aurora desk lamp in black in stock?');
  await openPage(page, 'history?action=product_availability', 'History');
  for (const [format, begins] of [
    ['CSV', 'id,created_at,action'],
    ['JSON', '['],
  ] as const) {
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: `Export as ${format}` }).click();
    const text = await readFile(await (await download).path(), 'utf8');
    expect(text.startsWith(begins)).toBe(true);
    expect(text).toContain('product_availability');
    expect(text).not.toContain('refund_lookup');
  }
});

test('a run says why it fired, and where its arguments came from', async ({ page }) => {
  await openChat(page);
  await askToTheEnd(page, 'Where is my refund for order 12345?');
  await openPage(page, 'history?action=refund_lookup&source=web', 'History');
  await page.locator('[data-run] a').first().click();
  const why = page.getByRole('region', { name: 'Why it ran' });
  await expect(why.getByRole('list', { name: 'Actions considered' })).toContainText('Refund lookup');
  await expect(why.getByRole('list', { name: 'Where the arguments came from' })).toContainText(
    'in the question',
  );
  await expect(page.getByRole('region', { name: 'Arguments' })).toContainText('in the question');
  await expectAccessible(page);
});

test('a secret is kept, given a new value, and deleted, and never shown', async ({ page }) => {
  const name = freshName('KEY').toUpperCase();
  await openPage(page, 'secrets', 'Secrets');
  await page.getByRole('button', { name: 'New secret' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Value', { exact: true }).fill('a-value-nobody-sees-1');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Keep it' }).click();
  const row = page.locator(`[data-secret="${name}"]`);
  await expect(row).toContainText('Version 1');
  await expect(row).toContainText('used by no action');
  await page.getByRole('button', { name: `Give ${name} a new value` }).click();
  await page.getByLabel('Value', { exact: true }).fill('a-value-nobody-sees-2');
  await page.getByRole('button', { name: 'Keep it' }).click();
  await expect(row).toContainText('Version 2');
  await expectAccessible(page);
  expect(await page.content()).not.toContain('a-value-nobody-sees');
  await page.getByRole('button', { name: `Delete ${name}` }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(row).toHaveCount(0);
});

test('deleting a secret says first which actions would stop', async ({ page }) => {
  await openPage(page, 'secrets', 'Secrets');
  await page.getByRole('button', { name: 'Delete SHIPPO_API_KEY' }).click();
  const dialog = page.getByRole('alertdialog');
  await expect(dialog).toContainText('order_status');
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Keep it' }).click();
});

test('a template is installed with one click, and its missing secrets are named', async ({ page }) => {
  await openPage(page, 'templates', 'Templates');
  await expectAccessible(page);
  const card = page.locator('[data-template]').filter({ hasText: 'Refund' }).first();
  await card.getByRole('button', { name: /^About/ }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(card.getByRole('link', { name: 'Installed: open it' })).toBeVisible();
});

test('an action is duplicated under a name of its own', async ({ page }) => {
  await openPage(page, 'actions', 'Actions');
  await page.getByRole('button', { name: 'Menu of outage_status' }).click();
  await page.getByRole('menuitem', { name: 'Duplicate' }).click();
  const name = page.getByLabel('Name', { exact: true });
  await expect(name).toHaveValue('outage_status_copy');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page).toHaveURL(/outage_status_copy/);
  await deleteAction(page, 'outage_status_copy');
});

test('settings are saved, and what is wrong with one is said beside it', async ({ page }) => {
  await openPage(page, 'settings', 'Settings');
  await expectAccessible(page);
  const parallel = page.getByLabel('Actions at a time');
  const before = await parallel.inputValue();
  await parallel.fill('99');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(parallel).toHaveAttribute('aria-invalid', 'true');
  await parallel.fill(before);
  const instructions = page.getByLabel('Instructions');
  const words = await instructions.inputValue();
  await instructions.fill(`${words} Be brief.`);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await page.reload();
  await expect(page.getByLabel('Instructions')).toHaveValue(`${words} Be brief.`);
  await page.getByLabel('Instructions').fill(words);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
});
