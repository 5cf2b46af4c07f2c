import type { Locator, Page, Route } from '@playwright/test';

import {
  answers,
  ask,
  askToTheEnd,
  cards,
  expect,
  expectAccessible,
  openChat,
  questionBox,
  test,
} from './chat';

const REFUND = 'Where is my refund for order 12345?';
const SHIPPED = 'Has order 12391 shipped yet?';
const TWO_THINGS = 'Is the site down? Also which tickets breach SLA in the next 3 hours?';

test('a refund is looked up, and the answer rests on its record', async ({ page }) => {
  await openChat(page);
  const turn = await askToTheEnd(page, REFUND);
  await expect(page).toHaveURL(/\/chat\/conv_/);
  const card = cards(turn).filter({ hasText: '12345' });
  await expect(card).toHaveAttribute('data-status', 'succeeded');
  await expect(answers(turn)).toContainText(/refund/i);
  await expect(turn.getByRole('navigation', { name: 'References' }).getByRole('button')).toHaveCount(1);
});

test('an action shows its time, its output and what went over the wire, without the secret', async ({
  page,
}) => {
  await openChat(page);
  const turn = await askToTheEnd(page, SHIPPED);
  const card = cards(turn).first();
  await expect(card.getByRole('button').first()).toContainText(/order ID\s*12391/i);
  await expect(card.getByRole('button').first()).toContainText(/\d\s?(ms|s)\b/);
  await card.getByRole('button').first().click();
  await expect(turn.getByRole('group', { name: 'Output', exact: true })).toContainText('12391');
  await turn.getByRole('button', { name: '1 HTTP exchange' }).click();
  await turn.getByRole('button', { name: 'Request', exact: true }).click();
  await expect(turn).toContainText('authorization');
  await expect(turn.getByTitle('The value of SHIPPO_API_KEY stood here and was masked.')).toBeVisible();
  await expect(turn).not.toContainText('[secret:');
  await turn.getByRole('button', { name: 'Answer', exact: true }).click();
  await expectAccessible(page);
});

test('a turn tells how it was decided', async ({ page }) => {
  await openChat(page);
  const turn = await askToTheEnd(page, REFUND);
  await turn.getByRole('button', { name: 'Why' }).click();
  const considered = turn.getByRole('list', { name: 'Actions considered' }).getByRole('listitem');
  await expect(considered.first()).toContainText(/Refund.* fires/);
  await expect(considered.first()).toContainText('%');
  await expect(considered.nth(1)).toContainText('does not fire');
  await expect(turn).toContainText('Decided by the planner');
  await turn.getByRole('button', { name: /far behind/ }).click();
  await expect(turn.getByRole('list', { name: 'Actions far behind' })).toBeVisible();
  await expectAccessible(page);
});

test('what is missing is asked for, and the next words complete it', async ({ page }) => {
  await openChat(page);
  const asked = await askToTheEnd(page, 'I was charged twice!');
  await expect(cards(asked).first()).toHaveAttribute('data-status', 'missing');
  await expect(cards(asked).first()).toContainText('Needs customer email');
  await expect(answers(asked)).toContainText(/e-?mail/i);
  const completed = await askToTheEnd(page, 'ana@acme.test');
  const card = cards(completed).filter({ hasText: 'ana@acme.test' });
  await expect(card.first()).toHaveAttribute('data-status', 'succeeded');
  await expect(page.getByRole('article')).toHaveCount(2);
});

test('two things are done in one turn', async ({ page }) => {
  await openChat(page);
  const turn = await askToTheEnd(page, TWO_THINGS);
  await expect(cards(turn)).toHaveCount(2);
  for (const card of await cards(turn).all()) await expect(card).toHaveAttribute('data-status', 'succeeded');
  await expect(cards(turn).filter({ hasText: 'hours ahead' })).toContainText('3');
});

test('an example question is one press away', async ({ page }) => {
  await openChat(page);
  const example = page.getByRole('list', { name: 'Example questions' }).getByRole('button').first();
  const words = await example.innerText();
  await example.click();
  await expect(page.getByRole('article')).toHaveAttribute('data-turn', 'done');
  await expect(page.getByRole('heading', { level: 2, name: words })).toBeVisible();
});

test('a reload in mid-turn loses nothing and doubles nothing', async ({ page }) => {
  await openChat(page);
  await ask(page, TWO_THINGS);
  await expect(page).toHaveURL(/\/chat\/conv_/);
  await page.reload();
  const turn = page.getByRole('article');
  await expect(turn).toHaveCount(1);
  await expect(turn).toHaveAttribute('data-turn', 'done');
  await expect(cards(turn)).toHaveCount(2);
  const answer = await answers(turn).innerText();
  // Read again from what is stored, it is the very same.
  await page.reload();
  await expect(answers(turn)).toHaveText(answer, { useInnerText: true });
});

test('an answer is there in plain words before its renderer is, and rendered then', async ({ page }) => {
  await openChat(page);
  const turn = await askToTheEnd(page, SHIPPED);
  const rendered = await answers(turn).innerText();
  const held: Route[] = [];
  await page.route('**/assets/Markdown-*.js', (route) => {
    held.push(route);
  });
  await page.reload();
  const plain = turn.locator('.prose-answer[data-plain]');
  await expect(plain).toContainText('12391');
  for (const route of held) await route.continue();
  await expect(answers(turn)).toHaveText(rendered, { useInnerText: true });
  await expect(plain).toHaveCount(0);
});

test('a lost line is taken up again where it broke', async ({ page }) => {
  await openChat(page);
  let broken = 0;
  await page.route('**/events?**', async (route) => {
    broken += 1;
    await (broken <= 2 ? route.abort('connectionreset') : route.continue());
  });
  const turn = await askToTheEnd(page, REFUND);
  await expect(cards(turn)).toHaveCount(1);
  expect(broken).toBeGreaterThan(2);
});

test('words that could not be sent stay', async ({ page, context }) => {
  await openChat(page);
  await context.setOffline(true);
  await expect(page.getByText('You are offline.')).toBeVisible();
  await questionBox(page).fill(REFUND);
  await questionBox(page).press('Enter');
  await expect(page.getByText("The server can't be reached.")).toBeVisible();
  await expect(questionBox(page)).toHaveValue(REFUND);
  await context.setOffline(false);
  await questionBox(page).press('Enter');
  await expect(page.getByRole('article')).toHaveAttribute('data-turn', 'done');
});

test('a conversation is found again in the list, and deleted for good', async ({ page }) => {
  await openChat(page);
  await askToTheEnd(page, REFUND);
  const list = page.getByRole('navigation', { name: 'Conversations' });
  const link = list.locator(`a[href$="${new URL(page.url()).pathname}"]`);
  await expect(link).toHaveAttribute('aria-current', 'page');
  await list.getByRole('link', { name: 'New question' }).click();
  await expect(page.getByRole('article')).toHaveCount(0);
  await link.click();
  await expect(page.getByRole('heading', { level: 2, name: REFUND })).toBeVisible();
  await link.hover();
  await link
    .locator('..')
    .getByRole('button', { name: /^Delete/ })
    .click();
  await expectAccessible(page);
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await expect(link).toHaveCount(0);
  await expect(page.getByRole('article')).toHaveCount(0);
});

test('a reload keeps the whole conversation', async ({ page }) => {
  await openChat(page);
  await askToTheEnd(page, 'I was charged twice!');
  await askToTheEnd(page, 'ana@acme.test');
  await expect(answers(page)).toHaveCount(2);
  const texts = await answers(page).allInnerTexts();
  await page.reload();
  await expect(page.getByRole('article')).toHaveCount(2);
  await expect(answers(page)).toHaveText(texts, { useInnerText: true });
  const card = cards(page.getByRole('article').last()).filter({ hasText: 'ana@acme.test' }).first();
  await expect(card).toHaveAttribute('data-status', 'succeeded');
  // What is unfolded after a reload is fetched from what was stored.
  await card.getByRole('button').first().click();
  await expect(card.getByRole('group', { name: 'Output', exact: true })).toContainText('ana@acme.test');
});

test('all of it by keyboard', async ({ page }) => {
  await openChat(page);
  await expect(questionBox(page)).toBeFocused();
  await page.keyboard.type(REFUND);
  await page.keyboard.press('Enter');
  const turn = page.getByRole('article');
  await expect(turn).toHaveAttribute('data-turn', 'done');
  await expect(questionBox(page)).toBeFocused();
  const line = cards(turn).first().getByRole('button').first();
  await walkTo(page, line, 'Shift+Tab');
  await page.keyboard.press('Enter');
  await expect(turn.getByRole('group', { name: 'Output', exact: true })).toBeVisible();
  await walkTo(page, questionBox(page), 'Tab');
  await page.keyboard.press('ArrowUp');
  await expect(questionBox(page)).toHaveValue(REFUND);
  // From the top of the page, the first stop leads past the navigation.
  await page.evaluate(() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to the page' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
});

/** Presses the key until the focus is there. */
async function walkTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab'): Promise<void> {
  const there = () => target.evaluate((element) => element === document.activeElement);
  for (let press = 0; press < 60 && !(await there()); press += 1) await page.keyboard.press(key);
  await expect(target).toBeFocused();
}
