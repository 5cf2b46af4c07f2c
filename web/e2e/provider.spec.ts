import { expect, expectAccessible, test } from './chat';

test.describe('signed out, with an identity provider', () => {
  test.use({ storageState: { cookies: [], origins: [] } });
  test.skip((process.env.ERRAND_TEST_OIDC_URL ?? '') === '', 'needs ERRAND_TEST_OIDC_URL');

  test('the button leads there, and back to where one wanted to go', async ({ page }) => {
    await page.goto('/g/demo/account');
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Continue with Acme SSO' }).click();
    await page.locator('input[name="login"]').fill('ana');
    await page.locator('input[name="password"]').fill('any');
    await page.locator('button[type="submit"]').click();
    await page.locator('button[type="submit"]').click();
    await expect(page).toHaveURL(/\/g\/demo\/account$/);
    await expect(page.getByText('ana@example.test').first()).toBeVisible();
  });

  test('who is turned away is told why', async ({ page }) => {
    await page.goto('/sign-in');
    await page.getByRole('link', { name: 'Continue with Acme SSO' }).click();
    await page.locator('input[name="login"]').fill('mallory');
    await page.locator('input[name="password"]').fill('any');
    await page.locator('button[type="submit"]').click();
    await page.locator('button[type="submit"]').click();
    await expect(page.getByRole('alert')).toContainText('vouches for no e-mail address');
    await expectAccessible(page);
    await page.goto('/api/v1/auth/oidc/callback?code=x&state=y');
    await expect(page.getByRole('alert')).toContainText('took too long');
  });
});
