import { askToTheEnd, cards, expect, expectAccessible, openChat, test } from '../chat';

const STATES = {
  failed: 'KeyError',
  refused: 'private address',
  timed_out: 'No answer came within 30 s',
  cancelled: '',
  unknown: 'it may have taken effect',
};

test('each way an action can end is told in words', async ({ page }) => {
  await openChat(page);
  const turn = await askToTheEnd(page, 'Show every state');
  for (const [status, words] of Object.entries(STATES)) {
    const card = cards(turn).and(page.locator(`[data-status="${status}"]`));
    await expect(card).toHaveCount(1);
    await expect(card).toContainText(words);
  }
  await turn.getByRole('button', { name: 'Why' }).click();
  await expect(turn).toContainText('Decided without the language model');
  await expect(turn.locator('.prose-answer')).not.toContainText('[secret:');
  await expectAccessible(page);
});

test('a long turn can be stopped', async ({ page }) => {
  await openChat(page);
  await page.getByRole('textbox', { name: 'Question' }).fill('Something slow');
  await page.getByRole('textbox', { name: 'Question' }).press('Enter');
  await page.getByRole('button', { name: /stop/i }).click();
  await expect(page.getByRole('article')).toHaveAttribute('data-turn', 'cancelled');
});
