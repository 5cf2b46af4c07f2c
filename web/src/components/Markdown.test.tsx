import { render } from '@testing-library/react';
import { expect, test } from 'vitest';

import { Markdown, safeAddress } from './Markdown';

function html(text: string): HTMLElement {
  return render(<Markdown text={text} />).container;
}

test('raw HTML stays text', () => {
  const page = html(
    '<script>alert(1)</script> <img src=x onerror=alert(1)> <b>bold</b>\n\n<iframe src="https://a.test"></iframe>',
  );
  expect(page.querySelector('script, img, iframe, b')).toBeNull();
  expect(page.textContent).toContain('<b>bold</b>');
});

test('images are never loaded', () => {
  const page = html('![the cat](https://tracker.test/pixel.gif) ![](https://tracker.test/a.png)');
  expect(page.querySelector('img')).toBeNull();
  expect(page.innerHTML).not.toContain('tracker.test');
  expect(page.textContent).toContain('[image: the cat]');
});

test('links open apart and tell nothing of this page', () => {
  const link = html('[docs](https://acme.test/docs)').querySelector('a');
  expect(link?.getAttribute('href')).toBe('https://acme.test/docs');
  expect(link?.getAttribute('target')).toBe('_blank');
  expect(link?.getAttribute('rel')).toBe('noopener noreferrer nofollow');
});

test('only harmless addresses are followed', () => {
  const bad = [
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    '//a.test',
    '/api/v1/me',
    ' javascript:x',
  ];
  for (const address of bad) expect(safeAddress(address)).toBe('');
  expect(html('[x](javascript:alert(1)) [y](</api/v1/auth/sign-out>)').querySelector('a')).toBeNull();
  for (const good of ['https://a.test', 'HTTP://a.test', 'mailto:ana@acme.test'])
    expect(safeAddress(good)).toBe(good);
});

test('masked secrets are badges, in text and in code', () => {
  const page = html(
    'The key [secret:STRIPE_KEY] and `Bearer [secret:OTHER]`, escaped \\[secret:PLAIN_KEY\\] or \\[secret:STRIPE\\_API\\_KEY\\]',
  );
  expect(page.textContent).not.toContain('[secret:');
  expect([...page.querySelectorAll('[title]')].map((badge) => badge.getAttribute('title'))).toEqual([
    'The value of STRIPE_KEY stood here and was masked.',
    'The value of OTHER stood here and was masked.',
    'The value of PLAIN_KEY stood here and was masked.',
    'The value of STRIPE_API_KEY stood here and was masked.',
  ]);
});

test('tables, lists and headings below those of the page', () => {
  const page = html('# Big\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- x\n- y');
  expect(page.querySelector('h1, h2')).toBeNull();
  expect(page.querySelector('h3')?.textContent).toBe('Big');
  expect(page.querySelectorAll('td')).toHaveLength(2);
  expect(page.querySelectorAll('li')).toHaveLength(2);
});
