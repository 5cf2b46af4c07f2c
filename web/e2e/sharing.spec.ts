import { askToTheEnd, expect, expectAccessible, openChat, questionBox, test } from './chat';
import { openPage } from './manage';

const REFUND = 'Where is my refund for order 12345?';

test('an answer is voted down with a comment, and whoever manages the guru finds it', async ({ page }) => {
  await openChat(page);
  const turn = await askToTheEnd(page, REFUND);
  const why = `It took too long ${Date.now()}`;
  await turn.getByRole('button', { name: 'Bad answer' }).click();
  const form = turn.getByRole('form', { name: 'What was wrong?' });
  await form.getByLabel('Comment').fill(why);
  await expectAccessible(page);
  await form.getByRole('button', { name: 'Send' }).click();
  await expect(turn.getByText(`You said: ${why}`)).toBeVisible();
  await page.reload();
  await expect(turn.getByRole('button', { name: 'Bad answer', pressed: true })).toBeVisible();

  await openPage(page, 'analytics', 'Analytics');
  await expect(page.getByText(why)).toBeVisible();
  await page.getByRole('link', { name: 'Their runs' }).click();
  await expect(page.getByLabel('Vote on the answer')).toHaveValue('down');
  await expect(page).toHaveURL(/vote=down/);
  await page.getByRole('row').nth(1).getByRole('link').first().click();
  await expect(page.getByRole('heading', { name: 'Vote on the answer' })).toBeVisible();
  await expectAccessible(page);
});

test('an answer is asked for again', async ({ page }) => {
  await openChat(page);
  const turn = await askToTheEnd(page, REFUND);
  await turn.getByRole('button', { name: 'Ask this again' }).click();
  await expect(page.getByRole('article')).toHaveCount(2);
  await expect(page.getByRole('article').last()).toHaveAttribute('data-turn', 'done');
});

test('a link shows a conversation to members, and to nobody once it is ended', async ({ page, browser }) => {
  await openChat(page);
  await askToTheEnd(page, REFUND);
  await page.getByRole('button', { name: 'Share' }).click();
  const dialog = page.getByRole('dialog', { name: 'Share this conversation' });
  await expect(dialog.getByText('are off for this guru')).toBeVisible();
  await dialog.getByRole('button', { name: 'Make a link' }).click();
  const address = await dialog.locator('code').innerText();
  expect(address).toMatch(/\/shared#[\w-]{40,}$/);
  await expectAccessible(page);

  const reader = await page.context().newPage();
  await reader.goto(address);
  await expect(reader.getByRole('heading', { level: 2, name: REFUND })).toBeVisible();
  await expect(reader.locator('.prose-answer')).toContainText(/refund/i);
  await expect(reader.getByRole('textbox')).toHaveCount(0);
  await expectAccessible(reader);

  const stranger = await (await browser.newContext({ storageState: undefined })).newPage();
  await stranger.goto(address);
  await expect(stranger.getByRole('heading', { name: 'Sign in to read this' })).toBeVisible();
  await stranger.getByRole('link', { name: 'Sign in' }).click();
  await expect(stranger).toHaveURL(/\/sign-in\?next=%2Fshared$/);
  await stranger.context().close();

  await dialog.getByRole('button', { name: 'End this link' }).click();
  await expect(dialog.getByRole('button', { name: 'End this link' })).toHaveCount(0);
  await reader.reload();
  await expect(reader.getByRole('heading', { name: 'This link shows nothing' })).toBeVisible();
});

test('voting and sharing by keyboard alone', async ({ page }) => {
  await openChat(page);
  const turn = await askToTheEnd(page, REFUND);
  await expect(questionBox(page)).toBeFocused();
  const press = async (key: string, target: ReturnType<typeof turn.getByRole>) => {
    const there = () => target.evaluate((element) => element === document.activeElement);
    for (let step = 0; step < 40 && !(await there()); step += 1) await page.keyboard.press(key);
    await expect(target).toBeFocused();
  };
  await press('Shift+Tab', turn.getByRole('button', { name: 'Good answer' }));
  await page.keyboard.press('Space');
  await expect(turn.getByRole('button', { name: 'Good answer', pressed: true })).toBeFocused();
  await press('Tab', turn.getByLabel('Comment'));
  await page.keyboard.press('Escape');
  await expect(turn.getByLabel('Comment')).toHaveCount(0);
  await press('Shift+Tab', page.getByRole('button', { name: 'Share' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: 'Share this conversation' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Share' })).toBeFocused();
});
