import { useEffect, useRef, useState } from 'react';

import { isFinal, type TurnView } from './turnView';
import { statusWords } from '../../components/StatusIcon';
import { readableName } from '../../lib/names';

/**
 * What a screen reader should hear of the step from one view to the next: actions as they begin and end, and the answer
 * once it is whole. Chunks are not read out: half sentences that replace each other can't be followed.
 */
export function announcementBetween(before: TurnView, after: TurnView): string {
  const words: string[] = [];
  for (const run of after.executions) {
    const known = before.executions.find((other) => other.id === run.id);
    if (known?.status === run.status) continue;
    const end = isFinal(run.status) ? statusWords(run.status).toLowerCase() : 'started';
    words.push(`${readableName(run.action)}: ${end}.`);
  }
  if (before.status === 'running' && after.status !== 'running') words.push(endWords(after));
  return words.join(' ');
}

function endWords(view: TurnView): string {
  if (view.status === 'cancelled') return 'Stopped.';
  if (view.status === 'failed') return `Failed. ${view.error ?? ''}`.trim();
  // Marks of Markdown would be read out one by one.
  return `Answer: ${view.answer.replace(/[*_`#|]+/g, '')}`;
}

/** The newest announcement of a turn; empty for one that had ended before it was shown. */
export function useAnnouncements(view: TurnView): string {
  const last = useRef(view);
  const [words, setWords] = useState('');
  useEffect(() => {
    const news = announcementBetween(last.current, view);
    last.current = view;
    if (news !== '') setWords(news);
  }, [view]);
  return words;
}
