import { askToTheEnd, cards, expect, expectAccessible, openChat, questionBox, test } from './chat';

const REFUND = 'Where is my refund for order 12345?';

test('the empty chat is accessible', async ({ page }) => {
  await openChat(page);
  await expect(questionBox(page)).toBeFocused();
  await expectAccessible(page);
});

test('dark by choice: at once, after a reload, and without a flash of light', async ({ page }) => {
  await openChat(page);
  await page.getByRole('button', { name: /^Account/ }).click();
  await expectAccessible(page);
  await page.getByRole('menuitemradio', { name: 'Dark' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await page.keyboard.press('Escape');
  // Told by the page itself before its scripts are through: the theme stands when the body begins.
  await page.addInitScript(() => {
    document.addEventListener('DOMContentLoaded', () => {
      document.documentElement.dataset.first = document.documentElement.dataset.theme ?? 'none';
    });
  });
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-first', 'dark');
  const turn = await askToTheEnd(page, REFUND);
  await cards(turn).first().getByRole('button').first().click();
  await expectAccessible(page);
});

test('dark by the system', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await openChat(page);
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expectAccessible(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
});

test('an address that is no page says so', async ({ page }) => {
  await page.goto('/nowhere');
  await expect(page.getByRole('heading', { name: 'There is no such page' })).toBeVisible();
  await page.goto('/g/no-such-guru/chat');
  await expect(page.getByRole('heading', { name: /There is no guru/ })).toBeVisible();
});

test('a conversation that is not there says so', async ({ page }) => {
  await openChat(page);
  await page.goto(`${page.url()}/conv_00000000-0000-7000-8000-000000000000`);
  await expect(page.getByRole('heading', { name: 'This conversation is not here' })).toBeVisible();
});

test('the API page lists the operations, with no request to elsewhere', async ({ page }) => {
  await page.goto('/api/docs');
  await expect(page.getByRole('heading', { level: 1, name: 'Errand' })).toBeVisible();
  await expect(page.getByText('/api/v1/auth/sign-in').first()).toBeVisible();
  await page.getByRole('button', { name: 'secrets' }).first().click();
  await expect(page.getByText('Create a secret or replace its value').first()).toBeVisible();
});
