import { expect, expectAccessible, test } from './chat';
import { freshName, GURU, openPage } from './manage';

test('somebody is invited, made a member, and may then ask and no more', async ({
  page,
  browser,
  baseURL,
}) => {
  test.slow();
  const email = `${freshName('vera').replace('_', '.')}@acme.test`;
  await openPage(page, 'users', 'Users');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Invite somebody' }).click();
  await page.getByLabel('E-mail').fill(email);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  const link = await page.getByLabel('The link').innerText();
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.locator(`[data-user="${email}"]`)).toBeVisible();

  await openPage(page, 'members', 'Members');
  await page.getByRole('button', { name: 'Add a member' }).click();
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Groups').fill('Support, Billing');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  const row = page.locator(`[data-member="${email}"]`);
  await expect(row).toContainText('in Support, Billing');
  await expectAccessible(page);

  const context = await browser.newContext({
    baseURL: baseURL ?? '',
    storageState: { cookies: [], origins: [] },
  });
  const viewer = await context.newPage();
  await viewer.goto(link);
  await viewer.getByLabel('Password').fill('a viewer of ten characters');
  await viewer.getByRole('button', { name: /continue/i }).click();
  await expect(viewer).toHaveURL(/\/chat$/);
  await expect(viewer.getByRole('link', { name: 'Manage' })).toHaveCount(0);
  for (const path of [
    'actions',
    'action',
    'secrets',
    'history',
    'settings',
    'schedules',
    'members',
    'keys',
    'users',
  ]) {
    await viewer.goto(`${GURU}/${path}`);
    await expect(viewer.getByRole('heading', { name: 'This page is for admins' })).toBeVisible();
  }
  await expectAccessible(viewer);
  await viewer.goto(`${GURU}/account`);
  await expect(viewer.getByText('This one')).toBeVisible();
  await context.close();

  await page.getByRole('button', { name: `Remove ${email}` }).click();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(row).toHaveCount(0);
});

test('a key is made, shown once, and ended', async ({ page, playwright, baseURL }) => {
  const name = freshName('program');
  await openPage(page, 'keys', 'API keys');
  await page.getByRole('button', { name: 'New key' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Make the key' }).click();
  const key = await page.getByLabel('The key').innerText();
  await page.getByRole('button', { name: 'Done' }).click();
  await expect(page.locator(`[data-key="${name}"]`)).toContainText('never used');
  await expectAccessible(page);
  expect(await page.content()).not.toContain(key);
  const program = await playwright.request.newContext({
    baseURL: baseURL ?? '',
    extraHTTPHeaders: { 'x-api-key': key },
    storageState: { cookies: [], origins: [] },
  });
  expect((await program.get('/api/v1/gurus/demo')).status()).toBe(200);
  await page.getByRole('button', { name: `End ${name}` }).click();
  await page.getByRole('button', { name: 'End it' }).click();
  await expect(page.locator(`[data-key="${name}"]`)).toHaveCount(0);
  expect((await program.get('/api/v1/gurus/demo')).status()).toBe(401);
  await program.dispose();
});

test('a schedule says in words when it fires, and is kept', async ({ page }) => {
  await openPage(page, 'schedules', 'Schedules');
  await page.getByRole('button', { name: 'New schedule' }).click();
  const dialog = page.getByRole('dialog', { name: 'New schedule' });
  await dialog.getByLabel('Action').selectOption('outage_status');
  await dialog.getByLabel('When', { exact: true }).fill('61 9 * * *');
  await expect(dialog.locator('.text-bad')).toBeVisible();
  await dialog.getByRole('button', { name: 'Weekdays' }).click();
  await expect(dialog.getByRole('listitem')).toHaveCount(5);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Save the schedule' }).click();
  const row = page.locator('[data-schedule="outage_status"]');
  await expect(row).toContainText('Next:');
  await expectAccessible(page);
  await row.getByRole('button', { name: /^Delete/ }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(row).toHaveCount(0);
});

test('the audit log says who changed what, and that nobody tampered with it', async ({ page }) => {
  await openPage(page, 'audit', 'Audit log');
  await page.getByRole('button', { name: 'Check the chain' }).click();
  await expect(page.getByText(/^Intact up to entry/)).toBeVisible();
  await page.getByLabel('What').fill('action.create');
  await expect(page).toHaveURL(/verb=action.create/);
  await page.getByRole('button', { name: 'Before and after' }).first().click();
  await expect(page.getByText(/Hash/).first()).toBeVisible();
  await expectAccessible(page);
});

test('analytics sums up what ran, and leads to it', async ({ page }) => {
  await openPage(page, 'analytics', 'Analytics');
  await expect(page.getByRole('heading', { name: 'Runs by day' })).toBeVisible();
  await expectAccessible(page);
  await expect(page.getByRole('region', { name: 'Language models by guru' })).toBeVisible();
  await page.getByLabel('Range').selectOption('7');
  await expect(page).toHaveURL(/days=7/);
  await expect(page.getByRole('img', { name: /in 8 days|in 7 days/ })).toBeVisible();
});
