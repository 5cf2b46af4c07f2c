import { defineConfig, devices } from '@playwright/test';

const MOCK = {
  name: 'mock',
  testMatch: 'mock/*.spec.ts',
  dependencies: ['enter'],
  use: { viewport: { width: 1280, height: 820 }, storageState: 'test-results/session.json' },
};

/**
 * The browser's tests, against a running server:
 *   ERRAND_URL         where it is, http://127.0.0.1:8029 unless told
 *   ERRAND_CLAIM_LINK  a one-time link not yet used; its account then gets ERRAND_PASSWORD
 *   ERRAND_EMAIL       the account to sign in with
 *   ERRAND_PASSWORD    its password
 *   CHROMIUM           the browser, /usr/bin/chromium unless told
 */
export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // Each test opens a conversation of its own, so that they don't meet.
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env.CI !== undefined,
  // A busy machine is no failure.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    baseURL: process.env.ERRAND_URL ?? 'http://127.0.0.1:8029',
    trace: 'retain-on-failure',
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
  projects: [
    // States that a real server can't be brought into at will: `npm run e2e:mock` alone runs these.
    ...(process.env.ERRAND_MOCK === '1' ? [MOCK] : []),
    { name: 'enter', testMatch: 'enter.setup.ts' },
    {
      name: 'desktop',
      testMatch: '*.spec.ts',
      testIgnore: ['narrow.spec.ts', 'mock/**'],
      dependencies: ['enter'],
      use: { viewport: { width: 1280, height: 820 }, storageState: 'test-results/session.json' },
    },
    {
      name: 'narrow',
      testMatch: 'narrow.spec.ts',
      dependencies: ['enter'],
      use: { ...devices['Pixel 7'], storageState: 'test-results/session.json' },
    },
  ],
});
