import { test as setup, expect } from '@playwright/test';

setup('enters by the one-time link, or by the password', async ({ page }) => {
  const { ERRAND_CLAIM_LINK: link, ERRAND_EMAIL: email, ERRAND_PASSWORD: password } = process.env;
  if (link !== undefined) {
    await page.goto(link);
    // The token is gone from the address before anything is pressed.
    await expect(page).toHaveURL(/\/claim$/);
    if (password !== undefined) await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: /continue/i }).click();
  } else {
    await page.goto('/sign-in');
    await page.getByLabel('E-mail').fill(email ?? '');
    await page.getByLabel('Password').fill(password ?? '');
    await page.getByRole('button', { name: 'Sign in' }).click();
  }
  await expect(page).toHaveURL(/\/g\/[^/]+\/chat$/);
  await page.context().storageState({ path: 'test-results/session.json' });
});
