import { ArrowUpRight } from 'lucide-react';

import type { Guru } from '../../api/types';

interface EmptyChatProps {
  guru: Guru;
  onAsk: (question: string) => void;
}

const EXAMPLES_SHOWN_MAX = 6;

/** Before the first question: whose chat this is, and what can be asked. */
export function EmptyChat({ guru, onAsk }: EmptyChatProps) {
  const examples = guru.example_questions.slice(0, EXAMPLES_SHOWN_MAX);
  return (
    <div className="my-auto grid gap-8 py-6">
      <div>
        <p className="text-sm font-medium text-accent">{guru.name}</p>
        <h1 className="mt-1.5 max-w-xl text-[1.75rem] leading-[1.15] font-semibold tracking-[-0.025em] text-balance sm:text-4xl">
          What should be looked up or done?
        </h1>
        <p className="mt-3 max-w-lg text-ink-soft">
          Ask in your own words. You see each action as it runs, what it gave back, and why it was chosen.
        </p>
      </div>
      {examples.length > 0 && (
        <ul aria-label="Example questions" className="divide-y divide-line border-y border-line">
          {examples.map((question) => (
            <li key={question}>
              <button
                type="button"
                onClick={() => onAsk(question)}
                className="group flex w-full items-center justify-between gap-4 px-1 py-3 text-left text-ink-soft transition-colors hover:text-ink"
              >
                <span className="wrap-anywhere">{question}</span>
                <ArrowUpRight
                  aria-hidden
                  className="size-4 shrink-0 text-ink-faint group-hover:text-accent"
                />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
