// `npm run screenshots`: renews docs/screenshots from a real server with the demo. pngquant makes them small where it is
// installed; without it they are larger than the repository wants, and the script says so.
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { chromium, devices } from '@playwright/test';

const BYTES_MAX = 200_000;

const { ERRAND_URL: url, ERRAND_CLAIM_LINK: link, ERRAND_PASSWORD: password, CHROMIUM } = process.env;
const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const desktop = { viewport: { width: 1280, height: 800 } };

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
await shoot('sign-in', desktop, (page) => page.goto('/sign-in'));
const storageState = await enter();
await shoot('chat-light', { ...desktop, storageState }, askForRefund);
await shoot('chat-dark', { ...desktop, storageState, colorScheme: 'dark' }, askTwoThings);
await shoot('chat-narrow', { ...devices['Pixel 7'], deviceScaleFactor: 2, storageState }, askTwoThings);
await shoot('api-docs', desktop, async (page) => {
  await page.goto('/api/docs');
  await page.getByText('/api/v1/auth/sign-in').first().waitFor();
});
await browser.close();

async function enter() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(link);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: /continue/i }).click();
  await page.waitForURL(/\/chat$/);
  const state = await context.storageState();
  await context.close();
  return state;
}

async function shoot(name, settings, play) {
  const context = await browser.newContext({ baseURL: url, ...settings });
  const page = await context.newPage();
  await play(page);
  // Fades and fonts come to rest.
  await page.waitForTimeout(800);
  const path = `${folder}${name}.png`;
  await page.screenshot({ path });
  await context.close();
  shrink(path);
}

async function askForRefund(page) {
  const turn = await ask(page, 'Where is my refund for order 12345?');
  await turn.getByRole('button', { name: 'Why' }).click();
}

async function askTwoThings(page) {
  await ask(page, 'Is the site down? Also which tickets breach SLA in the next 3 hours?');
  // From the question on, not from the end.
  await page.getByRole('article').evaluate((turn) => turn.closest('.overflow-y-auto').scrollTo(0, 0));
}

async function ask(page, question) {
  await page.goto('/');
  const box = page.getByRole('textbox', { name: 'Question' });
  await box.fill(question);
  await box.press('Enter');
  await page.locator('article[data-turn="done"]').waitFor();
  return page.getByRole('article');
}

function shrink(path) {
  try {
    execFileSync('pngquant', ['--force', '--skip-if-larger', '--output', path, '128', path]);
  } catch (error) {
    // 98 and 99: it could not be made smaller, or not well; then it stays as it is.
    if (error.code === 'ENOENT') console.error('pngquant is not installed: the pictures stay large.');
    else if (![98, 99].includes(error.status)) throw error;
  }
  const bytes = statSync(path).size;
  console.log(`${(bytes / 1000).toFixed(0).padStart(6)} kB  ${path.slice(folder.length)}`);
  if (bytes > BYTES_MAX) process.exitCode = 1;
}
