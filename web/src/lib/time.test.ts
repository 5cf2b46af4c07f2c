import { expect, test } from 'vitest';

import { count, dayLabel, formatAgo, formatBytes, formatDuration, formatElapsed } from './time';

test('durations are in the unit that fits', () => {
  const cases: [number, string][] = [
    [0.42, '0.4 ms'],
    [9.96, '10.0 ms'],
    [420.4, '420 ms'],
    [1200, '1.2 s'],
    [9940, '9.9 s'],
    [12_300, '12 s'],
    [59_600, '1 min 00 s'],
    [125_000, '2 min 05 s'],
  ];
  for (const [ms, words] of cases) expect(formatDuration(ms)).toBe(words);
});

test('a running clock never shows less than nothing', () => {
  expect(formatElapsed(-400)).toBe('0.0 s');
  expect(formatElapsed(12_340)).toBe('12.3 s');
});

test('days are named from the reader’s own midnight', () => {
  const now = new Date(2026, 10, 23, 0, 30);
  expect(dayLabel(new Date(2026, 10, 23, 0, 10), now)).toBe('Today');
  expect(dayLabel(new Date(2026, 10, 22, 23, 50), now)).toBe('Yesterday');
  expect(dayLabel(new Date(2026, 10, 20), now)).toBe(
    new Date(2026, 10, 20).toLocaleDateString(undefined, { weekday: 'long' }),
  );
  expect(dayLabel(new Date(2025, 4, 1), now)).toContain('2025');
  // A server clock that runs ahead makes no tomorrow.
  expect(dayLabel(new Date(2026, 10, 24), now)).toBe('Today');
});

test('counts and sizes', () => {
  expect(count(1, 'action')).toBe('1 action');
  expect(count(2, 'host contacted', 'hosts contacted')).toBe('2 hosts contacted');
  expect(formatBytes(512)).toBe('512 B');
  expect(formatBytes(4_200)).toBe('4.2 kB');
});

test('how long ago it was is said in the largest unit that helps', () => {
  const now = new Date(2026, 10, 23, 15, 0, 0);
  const ago = (ms: number) => formatAgo(new Date(now.getTime() - ms), now);
  expect(ago(10_000)).toBe('just now');
  expect(ago(5 * 60_000)).toBe('5 min ago');
  expect(ago(3 * 3_600_000)).toBe('3 h ago');
  expect(ago(24 * 3_600_000)).toMatch(/^Yesterday, /);
  expect(ago(20 * 86_400_000)).not.toMatch(/ago|Yesterday/);
});
