import { render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test } from 'vitest';

import { OutputView } from './OutputView';

test('a list of objects is a table that shows its first rows, then all', async () => {
  const rows = Array.from({ length: 25 }, (_, index) => ({ ticket: index, owner: null }));
  render(<OutputView text={JSON.stringify(rows)} />);
  const table = screen.getByRole('table');
  expect(
    within(table)
      .getAllByRole('columnheader')
      .map((cell) => cell.textContent),
  ).toEqual(['ticket', 'owner']);
  expect(within(table).getAllByRole('row')).toHaveLength(21);
  await userEvent.click(screen.getByRole('button', { name: 'Show all 25 rows' }));
  expect(within(table).getAllByRole('row')).toHaveLength(26);
});

test('an object is pairs, with what is nested as a tree that folds', async () => {
  render(<OutputView text='{"status": "pending", "card": {"last4": "4242"}, "ok": true}' />);
  expect(screen.getByText('pending')).toBeDefined();
  expect(screen.getByText('true')).toBeDefined();
  const fold = screen.getByRole('button', { expanded: true });
  expect(screen.getByText('4242')).toBeDefined();
  await userEvent.click(fold);
  expect(screen.queryByText('4242')).toBeNull();
});

test('text stays as it is, with masks as badges', () => {
  const { container } = render(<OutputView text={'line 1\n  key=[secret:API_KEY] <b>x</b>'} />);
  expect(container.querySelector('pre')?.textContent).toBe('line 1\n  key=masked secret API_KEY <b>x</b>');
  expect(container.querySelector('b')).toBeNull();
});

test('nothing is said to be nothing', () => {
  render(<OutputView text="" />);
  expect(screen.getByText('It gave nothing back.')).toBeDefined();
});
