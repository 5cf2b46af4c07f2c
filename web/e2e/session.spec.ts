import { expect, expectAccessible, openChat, questionBox, test } from './chat';

const { ERRAND_EMAIL: email = '', ERRAND_PASSWORD: password = '' } = process.env;

test('a session that ends brings one back to where one was, with the words typed', async ({
  page,
  context,
}) => {
  test.skip(email === '' || password === '', 'needs ERRAND_EMAIL and ERRAND_PASSWORD');
  await openChat(page);
  const place = page.url();
  await questionBox(page).fill('Half a thought');
  await context.clearCookies();
  await questionBox(page).press('Enter');
  await expect(page).toHaveURL(/\/sign-in\?/);
  await expect(page.getByText('Your session ended.')).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(place);
  await expect(questionBox(page)).toHaveValue('Half a thought');
});

test.describe('signed out', () => {
  test.use({ storageState: { cookies: [], origins: [] } });

  test('every page leads to the sign-in', async ({ page }) => {
    await page.goto('/g/demo/chat/conv_1');
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await expectAccessible(page);
  });

  test('a wrong password is told in the words of the server', async ({ page }) => {
    await page.goto('/sign-in');
    await page.getByLabel('E-mail').fill(email || 'nobody@acme.test');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toContainText(/password/i);
    await expect(page).toHaveURL(/\/sign-in/);
    await expectAccessible(page);
  });

  test('a link used before is refused, and one without a token says so', async ({ page }) => {
    await page.goto('/claim?token=used-before');
    await page.getByRole('button', { name: /continue/i }).click();
    await expect(page.getByRole('alert')).toBeVisible();
    await expectAccessible(page);
    await page.goto('/claim');
    await expect(page.getByRole('heading', { name: 'This link is not whole' })).toBeVisible();
  });

  test('signing in leads in, signing out leads out', async ({ page }) => {
    test.skip(email === '' || password === '', 'needs ERRAND_EMAIL and ERRAND_PASSWORD');
    await page.goto('/sign-in');
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/g\/[^/]+\/chat$/);
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await expect(page).toHaveURL(/\/sign-in$/);
    await page.goto('/');
    await expect(page).toHaveURL(/\/sign-in\?next=/);
  });
});
