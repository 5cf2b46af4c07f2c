import { writeFile } from 'node:fs/promises';

import { askToTheEnd, expect, expectAccessible, openChat, test } from './chat';
import { freshName, goToStep, openPage } from './manage';

test('a suite is begun, run, corrected and run again', async ({ page }, info) => {
  test.slow();
  const name = freshName('Refunds');
  await openPage(page, 'lab', 'Trigger lab');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'New suite' }).click();
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('About').selectOption('refund_lookup');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Create it' }).click();
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await expect(page.getByText('No case yet')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Run it' })).toBeDisabled();

  await page.getByRole('button', { name: 'Add a case' }).click();
  await page.getByLabel('Question').fill('Where is my refund for order 12345?');
  await page.getByRole('button', { name: 'Name an action' }).click();
  await page.getByLabel('Action 1', { exact: true }).selectOption('refund_lookup');
  await page.getByLabel('order_id', { exact: true }).fill('12345');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Add it' }).click();
  await expect(page.getByText('refund_lookup(order_id=12345)')).toBeVisible();

  // One that expects too much, by a file.
  const file = info.outputPath('cases.jsonl');
  await writeFile(file, '{"question": "Tell me a joke about llamas", "expected": {"order_status": {}}}\n');
  await page.getByLabel('Case file').setInputFiles(file);
  await expect(page.getByRole('heading', { name: '2 cases' })).toBeVisible();
  await page.getByRole('button', { name: 'Run it' }).click();
  await expect(page.locator('[data-failure]')).toHaveCount(1);
  await expect(page.locator('[data-failure]')).toContainText('did not fire');
  await expect(page.locator('[data-cases="2"]')).toContainText('50%');
  await page.getByRole('button', { name: 'What the planner weighed' }).click();
  await expect(page.getByRole('list', { name: 'Actions considered' })).toBeVisible();
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Edit the case “Tell me a joke about llamas”' }).click();
  await page.getByRole('button', { name: 'Remove action 1' }).click();
  await page.getByRole('button', { name: 'Save it' }).click();
  await expect(page.getByText('nothing may fire', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Run it' }).click();
  await expect(page.getByText('Every case came out as expected.')).toBeVisible();
  await expect(page.locator('[data-cases="2"]')).toContainText('+50');

  await page.getByRole('button', { name: 'Delete the suite' }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Trigger lab' })).toBeVisible();
  await expect(page.locator(`[data-suite="${name}"]`)).toHaveCount(0);
});

test('a row of the history becomes a case, in a suite made on the way', async ({ page }) => {
  const suite = freshName('From the history');
  const question = 'Is the Aurora desk lamp in white in stock?';
  await openChat(page);
  await askToTheEnd(page, question);
  await openPage(page, 'history?action=product_availability', 'History');
  await page
    .getByRole('button', { name: `Add “${question}” to the lab` })
    .first()
    .click();
  await page.getByLabel('Suite', { exact: true }).selectOption('A new suite');
  await page.getByLabel('Name of the new suite').fill(suite);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Add it' }).click();
  await page.getByRole('link', { name: 'correct it in its suite' }).click();
  await expect(page.getByRole('heading', { level: 1, name: suite })).toBeVisible();
  await expect(page.locator(`[data-case="${question}"]`)).toContainText('product_availability');
});

test('a new action is tried on what was asked, before it is saved', async ({ page }) => {
  test.slow();
  const question = `How deep is the lake of ${freshName('Como')}?`;
  await openChat(page);
  await askToTheEnd(page, question);
  await openPage(page, 'action', 'New action');
  const replay = page.getByRole('region', { name: 'What would change' });
  await expect(replay.getByRole('button', { name: 'Replay the history' })).toBeDisabled();
  await page.getByLabel('Trigger').fill('When the user asks how deep a lake is');
  await replay.getByRole('button', { name: 'Replay the history' }).click();
  // Neither name nor request is written yet.
  await expect(replay).toContainText(question);
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Trigger lab' }).click();
  await page.getByRole('button', { name: 'Leave' }).click();
});

test('an edited trigger is tried on what was asked, and overlaps are looked for', async ({ page }) => {
  test.slow();
  await openChat(page);
  await askToTheEnd(page, 'What plan is priya@stark.test on?');
  await openPage(page, 'action/entitlements_lookup', 'entitlements_lookup');
  await goToStep(page, 'Basics');
  const replay = page.getByRole('region', { name: 'What would change' });
  await expect(replay.getByRole('button', { name: 'Replay the history' })).toBeDisabled();
  await page.getByLabel('Trigger').fill('When the user asks how deep a lake is');
  const examples = page.getByRole('button', { name: /^Remove example/ });
  for (let left = await examples.count(); left > 0; left -= 1) {
    await examples.first().click();
    await expect(examples).toHaveCount(left - 1);
  }
  await replay.getByRole('button', { name: 'Replay the history' }).click();
  await expect(replay.locator('[data-changes]')).not.toHaveAttribute('data-changes', '0');
  await expect(replay).toContainText('What plan is priya@stark.test on?');
  await expectAccessible(page);

  await page.getByRole('link', { name: 'Trigger lab' }).click();
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('button', { name: 'Look for overlaps' }).click();
  await expect(
    page
      .getByText("No two actions fire on each other's questions.")
      .or(page.locator('[data-overlap]'))
      .first(),
  ).toBeVisible({ timeout: 45_000 });
  await expectAccessible(page);
});
