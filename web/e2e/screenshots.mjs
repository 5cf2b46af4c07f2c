// `npm run screenshots`: renews docs/screenshots from a real server with the demo: every page, light and dark; with names
// behind it (`npm run screenshots -- shared lab`) only these. pngquant makes them small where it is installed; without it
// they are larger than the repository wants, and the script says so. The sign-in with a provider's button takes a
// provider (scripts/oidc-for-tests.sh).
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { chromium, devices } from '@playwright/test';

const FILE_BYTES_MAX = 120_000;
const TOTAL_BYTES_MAX = 1_500_000;
const COLOURS = '64';
/** The API page is large, and a busy machine slow. */
const TIMEOUT_MS = 120_000;

const { ERRAND_URL: url, ERRAND_CLAIM_LINK: link, ERRAND_PASSWORD: password, CHROMIUM } = process.env;
const hasProvider = (process.env.ERRAND_TEST_OIDC_URL ?? '') !== '';
const wanted = process.argv.slice(2);
const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));
const desktop = { viewport: { width: 1200, height: 760 } };
const CASES = [
  { question: 'Where is my refund for order 12345?', expected: { refund_lookup: { order_id: ['12345'] } } },
  { question: 'Has order 12391 shipped yet?', expected: { order_status: { order_id: ['12391'] } } },
  { question: 'Tell me a joke about refunds', expected: {} },
  { question: 'My parcel came crushed, order 12345', expected: { create_jira_bug: {} } },
  { question: 'I want my money back', expected: { refund_lookup: { order_id: null } } },
];
let total = 0;

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
await shoot(hasProvider ? 'sign-in-provider' : 'sign-in', desktop, async (page) => {
  await page.goto('/sign-in');
  await page.getByRole('heading', { level: 1 }).waitFor();
});
const storageState = await enter();
const { suite, shared } = await seed();

/** Every page behind the sign-in, each with what makes it stand as it is meant to be seen. */
const PAGES = {
  chat: async (page) => {
    const turn = await ask(page, 'Where is my refund for order 12345?');
    await turn.getByRole('button', { name: 'Why' }).click();
  },
  actions: (page) => open(page, 'actions'),
  builder: async (page) => {
    await open(page, 'action/refund_lookup');
    await page.getByPlaceholder('Type a question as a user would').fill('Is the money for 12345 back yet?');
    await page.locator('[data-verdict]').waitFor();
  },
  'builder-script': async (page) => {
    await open(page, 'action/refund_lookup?step=body');
    await page.getByRole('textbox', { name: 'Script' }).waitFor();
  },
  'builder-test': async (page) => {
    await open(page, 'action/order_status?step=test');
    await page.getByLabel('order_id').fill('12345');
    await page.getByRole('button', { name: 'Run the test' }).click();
    await page.locator('[data-test="succeeded"]').waitFor();
  },
  templates: (page) => open(page, 'templates'),
  secrets: (page) => open(page, 'secrets'),
  schedules: (page) => open(page, 'schedules'),
  lab: (page) => open(page, 'lab'),
  'lab-suite': async (page) => {
    await open(page, `lab/${suite}`);
    await page.getByRole('button', { name: 'Run it' }).click();
    await page.locator('[data-failure]').first().waitFor();
  },
  history: (page) => open(page, 'history'),
  execution: async (page) => {
    await open(page, 'history?action=refund_lookup');
    await page.locator('[data-run] a').first().click();
    await page.getByRole('heading', { name: 'Output' }).waitFor();
  },
  analytics: (page) => open(page, 'analytics'),
  audit: (page) => open(page, 'audit'),
  settings: (page) => open(page, 'settings'),
  'settings-planner': async (page) => {
    await open(page, 'settings/planner');
    await page.getByRole('radio', { name: /^Language model/ }).check();
  },
  'settings-history': async (page) => {
    // The folder as an installation has it, and not this run's own.
    await page.route('**/api/v1/system/backups', async (route) => {
      const json = await (await route.fetch()).json();
      await route.fulfill({ json: { ...json, folder: '/var/lib/errand/backups' } });
    });
    await open(page, 'settings/history');
    await page.getByRole('list', { name: 'Backups' }).waitFor();
    await page.getByRole('region', { name: 'Backup' }).scrollIntoViewIfNeeded();
  },
  'settings-installation': (page) => open(page, 'settings/installation'),
  people: (page) => open(page, 'members'),
  shared: async (page) => {
    await page.goto(shared);
    await page.getByRole('heading', { level: 1 }).waitFor();
  },
};

for (const [name, play] of Object.entries(PAGES)) {
  await shoot(`${name}-light`, { ...desktop, storageState }, play);
  await shoot(`${name}-dark`, { ...desktop, storageState, colorScheme: 'dark' }, play);
}
await shoot('chat-narrow', { ...devices['Pixel 7'], deviceScaleFactor: 1.5, storageState }, PAGES.chat);
await shoot('api-docs', desktop, async (page) => {
  await page.goto('/api/docs');
  await page.getByText('/api/v1/auth/sign-in').first().waitFor();
});
await browser.close();
console.log(`${(total / 1000).toFixed(0).padStart(6)} kB  together`);
if (total > TOTAL_BYTES_MAX) process.exitCode = 1;

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

/** What a guru in use would have: questions, a suite, a schedule, people, a backup. Gives a suite's id and a shared link. */
async function seed() {
  const context = await browser.newContext({ baseURL: url, storageState });
  const page = await context.newPage();
  const questions = [
    'Is the site down? Also which tickets breach SLA in the next 3 hours?',
    'Is the Aurora desk lamp in black in stock?',
    'What plan is priya@stark.test on?',
    'I was charged twice! My e-mail is ana@acme.test',
    'How do I make pancakes?',
  ];
  for (const question of questions) await ask(page, question);
  const send = async (path, data) => {
    const headers = { 'x-errand-csrf': '1' };
    const reply = await context.request.post(`/api/v1/demo/${path}`, { headers, data });
    if (!reply.ok()) throw new Error(`${path}: ${await reply.text()}`);
    return reply.json();
  };
  const { id } = await send('lab/suites', { name: 'Refunds and orders', action: null });
  await send(`lab/suites/${id}/cases`, { cases: CASES });
  await send(`lab/suites/${id}/run`, {});
  const headers = { 'x-errand-csrf': '1' };
  const schedule = { cron: '0 8 * * 1-5', time_zone: 'Europe/Berlin' };
  await context.request.put('/api/v1/demo/actions/outage_status/schedule', { headers, data: schedule });
  const vera = { email: 'vera@acme.test', name: 'Vera Quist' };
  await context.request.post('/api/v1/users', { headers, data: vera });
  const noor = { email: 'noor@acme.test', name: 'Noor Haddad' };
  await context.request.post('/api/v1/users', { headers, data: noor });
  await send('members', { email: vera.email, groups: ['Support'], role: 'viewer' });
  await send('members', { email: noor.email, groups: ['Support', 'Billing'], role: 'guru_admin' });
  await context.request.post('/api/v1/system/backups', { headers });
  const list = await context.request.get('/api/v1/demo/conversations', { headers });
  const { items } = await list.json();
  const told = items.find(({ title }) => title.includes('SLA')) ?? items[0];
  const { path } = await send(`conversations/${told.id}/shares`, {});
  await context.close();
  return { suite: id, shared: path };
}

async function open(page, path) {
  await page.goto(`/g/demo/${path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByText(/^Loading/).waitFor({ state: 'detached' });
}

async function shoot(name, settings, play) {
  if (wanted.length > 0 && !wanted.some((one) => name.replace(/-(light|dark)$/, '') === one)) return;
  const context = await browser.newContext({ baseURL: url, ...settings });
  context.setDefaultTimeout(TIMEOUT_MS);
  const page = await context.newPage();
  await play(page);
  // Fades and fonts come to rest.
  await page.waitForTimeout(800);
  const path = `${folder}${name}.png`;
  await page.screenshot({ path });
  await context.close();
  shrink(path);
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
    execFileSync('pngquant', ['--force', '--skip-if-larger', '--strip', '--output', path, COLOURS, path]);
  } catch (error) {
    // 98 and 99: it could not be made smaller, or not well; then it stays as it is.
    if (error.code === 'ENOENT') console.error('pngquant is not installed: the pictures stay large.');
    else if (![98, 99].includes(error.status)) throw error;
  }
  const bytes = statSync(path).size;
  total += bytes;
  console.log(`${(bytes / 1000).toFixed(0).padStart(6)} kB  ${path.slice(folder.length)}`);
  if (bytes > FILE_BYTES_MAX) process.exitCode = 1;
}
