import AxeBuilder from '@axe-core/playwright';
import { test as base, expect, type Locator, type Page } from '@playwright/test';

/** A page on which a fault of ours, a breach of the content security policy, or a request to elsewhere fails the test. */
export const test = base.extend({
  page: async ({ page, baseURL }, runTest) => {
    const faults: string[] = [];
    const ours = new URL(baseURL ?? '').origin;
    // One may go to the identity provider, and what its own pages ask for is its business.
    const provider = process.env.ERRAND_TEST_OIDC_URL ?? '';
    const elsewhere = (url: string) => /^(https?|wss?):/.test(url) && new URL(url).origin !== ours;
    const fromProvider = (url: string) => provider !== '' && url.startsWith(`${provider}/`);
    page.on('request', (request) => {
      const asker = request.isNavigationRequest() ? request.url() : request.frame().url();
      if (elsewhere(request.url()) && !fromProvider(asker))
        faults.push(`a request to elsewhere: ${request.url()}`);
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && /Content Security Policy|Error:/.test(message.text()))
        faults.push(message.text());
    });
    await runTest(page);
    expect(faults).toEqual([]);
  },
});

export { expect };

export const questionBox = (page: Page): Locator => page.getByRole('textbox', { name: 'Question' });

/** Opens an empty chat of the first guru. */
export async function openChat(page: Page): Promise<void> {
  await page.goto('/');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
}

/** Asks and gives the turn, not waiting for its end. */
export async function ask(page: Page, question: string): Promise<Locator> {
  await questionBox(page).fill(question);
  await questionBox(page).press('Enter');
  const turn = page.getByRole('article').last();
  await expect(turn.getByRole('heading', { name: question })).toBeVisible();
  return turn;
}

/** Asks and waits for the whole answer. */
export async function askToTheEnd(page: Page, question: string): Promise<Locator> {
  const turn = await ask(page, question);
  await expect(turn).toHaveAttribute('data-turn', 'done');
  return turn;
}

export const cards = (turn: Locator): Locator =>
  turn.getByRole('list', { name: 'Actions' }).locator(':scope > li');

/** The answers within, as they stay: not the plain words that stand there until the renderer is loaded. */
export const answers = (within: Locator | Page): Locator => within.locator('.prose-answer:not([data-plain])');

/** No finding of axe at all, of the rules for WCAG 2.2 A and AA. */
export async function expectAccessible(page: Page): Promise<void> {
  // A fade that is under way would be judged by its colours of the moment.
  await page.waitForTimeout(300);
  const found = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    // Menus and dialogs stand outside the landmarks by their nature.
    .disableRules(['region'])
    .analyze();
  expect(
    found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`),
  ).toEqual([]);
}
