import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { expect, test, vi } from 'vitest';

import { Composer } from './Composer';

interface Setup {
  running?: boolean;
  lastQuestion?: string;
}

function setup({ running = false, lastQuestion }: Setup = {}) {
  const onSend = vi.fn();
  const onStop = vi.fn();
  function Page() {
    const [draft, setDraft] = useState('');
    return (
      <Composer
        draft={draft}
        onDraft={setDraft}
        onSend={onSend}
        onStop={running ? onStop : null}
        stopping={false}
        sending={false}
        lastQuestion={lastQuestion ?? null}
        focusKey={null}
        placeholder="Ask"
      />
    );
  }
  render(<Page />);
  return { onSend, onStop, box: screen.getByLabelText<HTMLTextAreaElement>('Question') };
}

test('Enter sends what is typed, trimmed', async () => {
  const { onSend, box } = setup();
  await userEvent.type(box, ' Where is it? {Enter}');
  expect(onSend.mock.calls).toEqual([['Where is it?']]);
});

test('Shift+Enter begins a new line', async () => {
  const { onSend, box } = setup();
  await userEvent.type(box, 'a{Shift>}{Enter}{/Shift}b');
  expect(box.value).toBe('a\nb');
  expect(onSend).not.toHaveBeenCalled();
});

test('nothing but blanks is not sent', async () => {
  const { onSend, box } = setup();
  await userEvent.type(box, '   {Enter}');
  await userEvent.click(screen.getByRole('button', { name: 'Send' }));
  expect(onSend).not.toHaveBeenCalled();
});

test('Up brings the last question back into an empty box only', async () => {
  const { box } = setup({ lastQuestion: 'Before' });
  await userEvent.type(box, '{ArrowUp}');
  expect(box.value).toBe('Before');
  await userEvent.clear(box);
  await userEvent.type(box, 'x{ArrowUp}');
  expect(box.value).toBe('x');
});

test('while a turn runs it can be stopped, and nothing is sent', async () => {
  const { onSend, onStop, box } = setup({ running: true });
  await userEvent.type(box, 'next{Enter}');
  expect(onSend).not.toHaveBeenCalled();
  expect(box.value).toBe('next');
  await userEvent.click(screen.getByRole('button', { name: 'Stop' }));
  await userEvent.type(box, '{Escape}');
  expect(onStop).toHaveBeenCalledTimes(2);
});
