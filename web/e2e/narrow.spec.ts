import { askToTheEnd, cards, expect, expectAccessible, openChat, test } from './chat';

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
