import { expect, expectAccessible, test } from './chat';
import { freshName, openPage } from './manage';

const tab = (name: string) => ({ name, exact: true });

test('a language model is set up, tested before it is saved, and taken back', async ({ page }) => {
  test.slow();
  await openPage(page, 'settings', 'Settings');
  const tabs = page.getByRole('navigation', { name: 'Settings' });
  await tabs.getByRole('link', tab('Planner')).click();
  await expect(page.getByRole('radio', { name: /^Built in/ })).toBeChecked();
  await expectAccessible(page);
  await page.getByRole('radio', { name: /^Language model/ }).check();
  await expect(page.getByRole('button', { name: 'Test the connection' })).toBeDisabled();
  await page.getByLabel('Model', { exact: true }).fill('no-such-model');
  await page.getByLabel('Endpoint').fill('http://127.0.0.1:9/v1');
  await page.getByRole('button', { name: 'Test the connection' }).click();
  // The operator has not opened that address, and is told how to.
  await expect(page.locator('[data-connection="failed"]')).toContainText('egress.open');
  await page.getByLabel('Temperature').fill('warm');
  await expect(page.getByRole('button', { name: 'Save', exact: true })).toBeDisabled();
  await page.getByLabel('Temperature').fill('7');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByLabel('Temperature')).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('button', { name: 'Limits, shape and prices' }).click();
  await expectAccessible(page);

  // Nothing was saved, and what is not saved is not left by accident.
  await tabs.getByRole('link', tab('Guru')).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click();
  await tabs.getByRole('link', tab('Planner')).click();
  await expect(page.getByRole('radio', { name: /^Built in/ })).toBeChecked();
});

test('retention says what it would forget before it is saved', async ({ page }) => {
  await openPage(page, 'settings/history', 'Settings');
  const days = page.getByLabel('Days that history is kept');
  await expect(page.getByText('Everything is kept.')).toBeVisible();
  await expectAccessible(page);
  await days.fill('soon');
  await expect(days).toHaveAttribute('aria-invalid', 'true');
  await days.fill('3000');
  await expect(page.getByText('Nothing that is kept now is older.')).toBeVisible();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await page.reload();
  await expect(days).toHaveValue('3000');
  await days.fill('');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
});

test('a backup is made, fetched and deleted', async ({ page }) => {
  await openPage(page, 'settings/history', 'Settings');
  const backup = page.getByRole('region', { name: 'Backup' });
  await expect(backup.getByText('errand restore errand.db')).toBeVisible();
  const made = backup.getByRole('list', { name: 'Backups' }).getByRole('listitem');
  const before = await made.count();
  await backup.getByRole('button', { name: 'Back up now' }).click();
  await expect(made).toHaveCount(before + 1);
  await expectAccessible(page);
  const fetching = page.waitForEvent('download');
  await made
    .first()
    .getByRole('link', { name: /^Download/ })
    .click();
  const file = await fetching;
  expect(file.suggestedFilename()).toMatch(/^errand-.*\.db$/);
  expect(await file.failure()).toBeNull();
  await made
    .first()
    .getByRole('button', { name: /^Delete/ })
    .click();
  await expectAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete it' }).click();
  await expect(made).toHaveCount(before);
});

test('the installation tells how the sandbox stands and what actions may reach', async ({ page }) => {
  await openPage(page, 'settings/installation', 'Settings');
  const sandbox = page.getByRole('region', { name: 'Sandbox of Python actions' });
  await expect(sandbox).toContainText(/Ready|Starting|Not available/);
  await expect(page.getByRole('region', { name: 'Egress policy' })).toContainText('the public internet');
  await expect(page.getByRole('region', { name: 'Installation' })).toContainText('SQLite');
  await expectAccessible(page);
});

test('a guru is created from the switcher, and deleted by its slug', async ({ page }) => {
  test.slow();
  const name = freshName('Depot').replace('_', ' ');
  const slug = name.toLowerCase().replace(' ', '-');
  await openPage(page, 'actions', 'Actions');
  await page.getByRole('button', { name: /^Guru: / }).click();
  await expectAccessible(page);
  await page.getByRole('menuitem', { name: 'New guru' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await expect(page.getByLabel('Slug')).toHaveValue(slug);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Create it' }).click();
  await expect(page).toHaveURL(new RegExp(`/g/${slug}/actions$`));
  await expect(page.getByText('0 of 10 actions used')).toBeVisible();

  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByRole('button', { name: `Delete ${name}` }).click();
  const end = page.getByRole('button', { name: 'Delete it for good' });
  await expect(end).toBeDisabled();
  await page.getByLabel('Its slug, to be sure').fill(slug);
  await expectAccessible(page);
  await end.click();
  await expect(page).toHaveURL(/\/g\/(?!depot)[^/]+\/chat$/);
});
