import { askToTheEnd, cards, expect, expectAccessible, openChat, test } from './chat';
import { GURU } from './manage';

test('on a narrow screen the navigation is a drawer, and nothing runs over the edge', async ({ page }) => {
  await openChat(page);
  const turn = await askToTheEnd(
    page,
    'Is the site down? Also which tickets breach SLA in the next 3 hours?',
  );
  for (const card of await cards(turn).all()) await card.getByRole('button').first().click();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Open navigation' }).click();
  const drawer = page.getByRole('dialog', { name: 'Navigation' });
  await expect(drawer).toBeVisible();
  await expectAccessible(page);
  await drawer.getByRole('link', { name: 'New question' }).click();
  await expect(drawer).toBeHidden();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
});

const PAGES = [
  'actions',
  'action',
  'action/refund_lookup?step=body',
  'templates',
  'secrets',
  'schedules',
  'lab',
  'history',
  'analytics',
  'audit',
  'settings',
  'settings/planner',
  'settings/history',
  'settings/installation',
  'members',
  'keys',
  'users',
  'account',
];

test('no page to manage runs over the edge of a narrow screen', async ({ page }) => {
  test.slow();
  for (const path of PAGES) {
    await page.goto(`${GURU}/${path}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.getByRole('status').filter({ hasText: /^Loading/ })).toHaveCount(0);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow, path).toBeLessThanOrEqual(0);
    await expectAccessible(page);
  }
});
