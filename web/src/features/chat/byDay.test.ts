import { expect, test } from 'vitest';

import { groupByDay } from './byDay';

const conversation = (id: string, at: Date) => ({
  id,
  title: id,
  created_at: at.toISOString(),
  updated_at: at.toISOString(),
});

test('conversations stand under their days, newest first, whatever order they come in', () => {
  const now = new Date(2026, 10, 23, 12);
  const days = groupByDay(
    [
      conversation('old', new Date(2026, 10, 22, 9)),
      conversation('morning', new Date(2026, 10, 23, 8)),
      conversation('noon', new Date(2026, 10, 23, 11)),
    ],
    now,
  );
  expect(days.map((day) => [day.label, day.conversations.map(({ id }) => id)])).toEqual([
    ['Today', ['noon', 'morning']],
    ['Yesterday', ['old']],
  ]);
  expect(groupByDay([], now)).toEqual([]);
});
