import { expect, expectAccessible, test } from './chat';
import { freshName, openPage } from './manage';

test('a secret is bound to hosts, and who uses it is said before it is deleted', async ({ page }) => {
  const name = freshName('hook').toUpperCase();
  await openPage(page, 'secrets', 'Secrets');
  await page.getByRole('button', { name: 'New secret' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Value', { exact: true }).fill('https://hooks.example.com/services/a-long-path');
  await page.getByLabel('Only for these hosts').fill('https://hooks.example.com');
  await page.getByRole('button', { name: 'Keep it' }).click();
  await expect(page.getByText('is not a host name')).toBeVisible();
  await page.getByLabel('Only for these hosts').fill('hooks.example.com');
  await page.getByRole('button', { name: 'Keep it' }).click();
  const row = page.locator(`[data-secret="${name}"]`);
  await expect(row).toContainText('Sent to hooks.example.com only');
  await expect(row).toContainText('not used yet');
  await row.getByRole('button', { name: `Choose the hosts of ${name}` }).click();
  await expectAccessible(page);
  await page.getByLabel('Only for these hosts').fill('');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(row).toContainText('Sent wherever its actions go');

  await openPage(page, 'schedules', 'Schedules');
  await page.getByRole('button', { name: 'New schedule' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New schedule' });
  await dialog.getByLabel('Action').selectOption('pto_balance');
  await dialog.getByRole('button', { name: 'Add a receiver' }).click();
  const send = dialog.getByRole('button', { name: 'Send a test' });
  await expect(send).toBeDisabled();
  await dialog.getByLabel('Receiver 1', { exact: true }).selectOption('email');
  await dialog.getByLabel('Addresses').fill('ana@acme.test');
  await send.click();
  // The server of these tests has no mail server, and the operator is told what to set.
  await expect(dialog.getByText('This server has no way to send mail.')).toBeVisible();
  await expectAccessible(page);
  await dialog.getByLabel('Receiver 1', { exact: true }).selectOption('slack');
  await dialog.getByLabel('Of which runs').selectOption('on_change');
  await dialog.getByLabel('Secret with the address').selectOption(name);
  await expectAccessible(page);
  await dialog.getByRole('button', { name: 'Save the schedule' }).click();
  const schedule = page.locator('[data-schedule="pto_balance"]');
  const told = schedule.getByRole('button', { name: `Tells Slack (${name})` });
  await told.click();
  await expect(schedule.getByText('Nothing was told yet.')).toBeVisible();
  await expectAccessible(page);

  await openPage(page, 'secrets', 'Secrets');
  await expect(row).toContainText('results of the schedule of pto_balance');
  await row.getByRole('button', { name: `Delete ${name}` }).click();
  const warning = page.getByRole('alertdialog');
  await expect(warning).toContainText('It is also used by results of the schedule of pto_balance.');
  await warning.getByRole('button', { name: 'Delete' }).click();
  await expect(row).toHaveCount(0);

  await openPage(page, 'schedules', 'Schedules');
  await page.getByRole('button', { name: 'Delete the schedule of pto_balance' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(schedule).toHaveCount(0);
});
