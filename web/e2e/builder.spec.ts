import { readFile, writeFile } from 'node:fs/promises';

import type { Page } from '@playwright/test';

import { expect, expectAccessible, test } from './chat';
import { deleteAction, freshName, goToStep, openPage, typeCode } from './manage';

/** As a keyboard's paste would; the clipboard itself is not given to tests. */
async function paste(page: Page, text: string): Promise<void> {
  await page.evaluate((pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', pasted);
    document.body.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
    );
  }, text);
}

/** The key that the demo's payment provider takes. */
const DEMO_KEY = 'rk_demo_stripe_6Yb1Rk0cPz';

const UPSTREAM = /https?:\/\/[^/\s]+\/[^\s]*/;

test('an API call from empty to tested, enabled, exported and imported again', async ({ page }, info) => {
  test.slow();
  // The demo's own back office, as one of its actions reaches it.
  await openPage(page, 'action/account_self_service?step=body', 'account_self_service');
  const address = await page.getByRole('textbox', { name: 'URL' }).innerText();
  const origin = new URL(UPSTREAM.exec(address)?.[0] ?? '').origin;

  const name = freshName('charge_of');
  await openPage(page, 'action', 'New action');
  await expectAccessible(page);
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page
    .getByLabel('Trigger')
    .fill('When the user asks what one particular parcel locker of the company costs per month');
  await page.getByRole('button', { name: 'Add an example' }).click();
  await page.getByLabel('Example 1', { exact: true }).fill('What does parcel locker 12345 cost per month?');
  await page.getByRole('button', { name: 'Next: Parameters' }).click();

  await page.getByRole('button', { name: 'Add a parameter' }).click();
  await page.getByLabel('Name', { exact: true }).fill('locker_id');
  await page
    .getByLabel('What to extract')
    .fill('Number of the parcel locker, such as 12345 in "locker 12345"');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Next: Request' }).click();

  // One placeholder completed while typing, one by click.
  await typeCode(page, 'URL', `${origin}/stripe/v1/charges/search?query=metadata['order_id']:'`);
  await page.keyboard.type('{lock');
  await page.getByRole('option', { name: 'locker_id' }).click();
  await page.keyboard.type("'");
  await page.getByRole('button', { name: 'Add a header' }).click();
  await page.getByLabel('Name of header 1').fill('Authorization');
  await typeCode(page, 'Value of header 1', 'Bearer ');
  await page.getByRole('button', { name: 'STRIPE_API_KEY' }).click();
  await expect(page.getByRole('textbox', { name: 'Value of header 1' })).toHaveText(
    'Bearer {STRIPE_API_KEY}',
  );
  await expectAccessible(page);

  await goToStep(page, 'Test');
  await page.getByLabel('locker_id').fill('12345');
  await page.getByRole('button', { name: 'Show the request' }).click();
  await expect(page.getByRole('group', { name: 'The request' })).toContainText('12345');
  await expect(page.getByRole('group', { name: 'The request' })).toContainText('STRIPE_API_KEY');
  await page.getByRole('button', { name: 'Save and test' }).click();
  await expect(page.locator('[data-test]')).toHaveAttribute('data-test', 'succeeded');
  await expect(page.getByText('search_result').first()).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Hosts contacted' })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`/action/${name}`));
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Enable', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Disable', exact: true })).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const text = await readFile(await (await download).path(), 'utf8');
  await deleteAction(page, name);

  const copy = info.outputPath(`${name}.json`);
  await writeFile(copy, text);
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByLabel('Action files').setInputFiles(copy);
  await expect(page.getByText('was imported, disabled')).toBeVisible();
  await page.getByRole('button', { name: 'Close' }).click();
  const row = page.locator(`[data-action="${name}"]`);
  await expect(row).toContainText('Disabled');
  await deleteAction(page, name);
});

test('whether it would fire is told as one types, before anything is saved', async ({ page }) => {
  await openPage(page, 'action', 'New action');
  await page.getByLabel('Name', { exact: true }).fill(freshName('locker_cost'));
  await page.getByLabel('Trigger').fill('When the user asks which parcel lockers are free at the depot');
  await goToStep(page, 'Request');
  await typeCode(page, 'URL', 'https://lockers.test/free');
  await goToStep(page, 'Basics');
  await page.getByLabel('A question').fill('Which parcel lockers are free at the depot?');
  await expect(page.locator('[data-verdict]')).toHaveAttribute('data-verdict', 'yes');
  await page.getByLabel('A question').fill('Tell me a joke about a llama');
  await expect(page.locator('[data-verdict]')).toHaveAttribute('data-verdict', 'no');
  await expectAccessible(page);
});

test('what is wrong stands beside its field, and work is not left by accident', async ({ page }) => {
  await openPage(page, 'action', 'New action');
  await page.getByLabel('Name', { exact: true }).fill('not a name');
  await expect(page.getByText(/not a name/).last()).toBeVisible();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page.getByLabel('Trigger')).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('link', { name: 'Secrets' }).first().click();
  const question = page.getByRole('alertdialog', { name: 'Leave without saving?' });
  await expect(question).toBeVisible();
  await expectAccessible(page);
  await question.getByRole('button', { name: 'Keep it' }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue('not a name');
});

test('a Python script from empty to tested, mended, enabled, exported and imported again', async ({
  page,
}, info) => {
  test.slow();
  const name = freshName('greet');
  await openPage(page, 'action', 'New action');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByRole('radio', { name: /Python/ }).check();
  await page
    .getByLabel('Trigger')
    .fill('When the user asks to be greeted in the way of the house of parcel lockers');
  await page.getByRole('button', { name: 'Next: Parameters' }).click();
  await page.getByRole('button', { name: 'Add a parameter' }).click();
  await page.getByLabel('Name', { exact: true }).fill('nickname');
  await page.getByLabel('What to extract').fill('Name that the user wants to be greeted by, such as Ana');
  await page.getByRole('button', { name: 'Next: Script' }).click();
  await typeCode(page, 'Script', 'import os\nprint(os.environ["');
  await page.keyboard.type('GURUBASE_USER_N');
  await page.getByRole('option', { name: /GURUBASE_USER_NAME/ }).click();
  await page.keyboard.type('"])');
  await expect(page.getByRole('textbox', { name: 'Script' })).toContainText(
    'print(os.environ["GURUBASE_USER_NAME"])',
  );
  await expectAccessible(page);

  // What breaks is told with its line, and the line is marked.
  await typeCode(page, 'Script', 'import os\nprint("Hello")\nraise ValueError("no such locker")\n');
  await goToStep(page, 'Test');
  await page.getByLabel('nickname').fill('Ana');
  await page.getByRole('button', { name: 'Save and test' }).click();
  await expect(page.locator('[data-test]')).toHaveAttribute('data-test', 'failed');
  await expect(page.locator('[data-ending="exception"]')).toContainText('ValueError');
  await expectAccessible(page);
  await page.getByRole('link', { name: 'Open line 3 of the script' }).click();
  await expect(page.getByRole('textbox', { name: 'Script' })).toBeVisible();
  await typeCode(page, 'Script', 'import os\nprint("Hello", os.environ["nickname"])\n');
  await goToStep(page, 'Test');
  await page.getByLabel('nickname').fill('Ana');
  await page.getByRole('button', { name: 'Save and test' }).click();
  await expect(page.locator('[data-test]')).toHaveAttribute('data-test', 'succeeded');
  await expect(page.getByRole('region', { name: 'Output' })).toContainText('Hello Ana');
  await expect(page.getByText('Tested', { exact: true })).toBeVisible();

  await page.getByRole('button', { name: 'Enable', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Disable', exact: true })).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const copy = info.outputPath(`${name}.json`);
  await (await download).saveAs(copy);
  await deleteAction(page, name);
  await page.getByRole('button', { name: 'Import' }).click();
  await page.getByLabel('Action files').setInputFiles(copy);
  await expect(page.getByText('was imported, disabled')).toBeVisible();
  await page.getByRole('link', { name }).click();
  await goToStep(page, 'Script');
  await expect(page.getByRole('textbox', { name: 'Script' })).toContainText('os.environ["nickname"]');
  await deleteAction(page, name);
});

test('from a pasted cURL command to an enabled action in five clicks', async ({ page }) => {
  test.slow();
  await openPage(page, 'action/account_self_service?step=body', 'account_self_service');
  const address = await page.getByRole('textbox', { name: 'URL' }).innerText();
  const origin = new URL(UPSTREAM.exec(address)?.[0] ?? '').origin;
  await openPage(page, 'actions', 'Actions');
  await page.getByRole('link', { name: 'Create action' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'New action' })).toBeVisible();
  const search = `${origin}/stripe/v1/charges/search?query=metadata[%27order_id%27]:%2712345%27`;
  await paste(page, `curl '${search}' -H 'Authorization: Bearer ${DEMO_KEY}'`);
  await expect(page.getByLabel('Command', { exact: true })).toHaveValue(/^curl /);
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Fill in the action' }).click();
  await expect(page.getByText('Filled in from')).toBeVisible();
  const name = await page.getByLabel('Name', { exact: true }).inputValue();
  await page.getByRole('button', { name: 'Test it' }).click();
  await page.getByRole('button', { name: 'Save and test' }).click();
  await expect(page.locator('[data-test]')).toHaveAttribute('data-test', 'succeeded');
  await expect(page.getByText('Tested', { exact: true })).toBeVisible();
  // The key became a secret on the way, and stands nowhere.
  expect(await page.content()).not.toContain(DEMO_KEY);
  await page.getByRole('button', { name: 'Enable', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Disable', exact: true })).toBeVisible();
  await deleteAction(page, name);
});

test('several operations of an OpenAPI document become actions at once', async ({ page }, info) => {
  test.slow();
  const [first, second] = [freshName('open_locker'), freshName('close_locker')];
  const operation = (id: string) => ({ get: { operationId: id, summary: `Does ${id}`, responses: {} } });
  const document = {
    openapi: '3.1.0',
    info: { title: 'Lockers', version: '1' },
    servers: [{ url: 'https://lockers.test' }],
    paths: { '/open': operation(first), '/close': operation(second) },
  };
  const file = info.outputPath('openapi.json');
  await writeFile(file, JSON.stringify(document));
  await openPage(page, 'action', 'New action');
  await page.getByRole('button', { name: 'Pick from an OpenAPI document' }).click();
  await page.getByLabel('Or a file').setInputFiles(file);
  const operations = page.getByRole('region', { name: 'Operations' });
  await operations.getByRole('checkbox', { name: first }).check();
  await expect(operations.getByRole('button', { name: 'Fill in the action' })).toBeVisible();
  await operations.getByRole('checkbox', { name: second }).check();
  await expectAccessible(page);
  await operations.getByRole('button', { name: 'Import 2 actions, disabled' }).click();
  await expect(operations.getByRole('link', { name: first })).toBeVisible();
  await operations.getByRole('link', { name: second }).click();
  await expect(page.getByRole('heading', { level: 1, name: second })).toBeVisible();
  await deleteAction(page, first);
  await deleteAction(page, second);
});

test('versions can be compared and brought back', async ({ page }) => {
  test.slow();
  const name = freshName('lockers');
  await openPage(page, 'action', 'New action');
  await page.getByLabel('Name', { exact: true }).fill(name);
  await page.getByLabel('Trigger').fill('When the user asks which lockers are broken');
  await goToStep(page, 'Request');
  await typeCode(page, 'URL', 'https://lockers.test/broken');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Version 1', { exact: true })).toBeVisible();
  await goToStep(page, 'Basics');
  await page.getByLabel('Trigger').fill('When the user asks which lockers were repaired');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect(page.getByText('Version 2', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Versions' }).click();
  await page.getByRole('button', { name: /^Version 1/ }).click();
  await expect(page.getByRole('dialog')).toContainText('which lockers were repaired');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Restore version 1' }).click();
  await expect(page.getByText('Version 3', { exact: true })).toBeVisible();
  await expect(page.getByLabel('Trigger')).toHaveValue('When the user asks which lockers are broken');
  await deleteAction(page, name);
});
