import { RotateCcw } from 'lucide-react';
import { memo, useEffect, useState } from 'react';

import { ActionSlip } from './ActionSlip';
import { References } from './References';
import { TurnProgress } from './TurnProgress';
import { WhyPanel } from './WhyPanel';
import { useAnnouncements } from './announce';
import { phaseOf, type TurnView } from './turnView';
import { useVotes } from './Votes';
import { useDetailedView, useTurn } from './useTurn';
import type { Turn } from '../../api/types';
import { Button, IconButton } from '../../components/Button';
import { CopyButton } from '../../components/CopyButton';
import { Answer } from '../../components/Answer';
import { Notice } from '../../components/Notice';
import { MessageText } from '../../components/SecretText';
import { formatClock, formatMoment } from '../../lib/time';

interface TurnItemProps {
  guru: string;
  turn: Turn;
  /** Told when it begins and ceases to run. */
  onRunning: (turn: string, running: boolean) => void;
  onRetry: (question: string) => void;
}

/** A question with what was done about it and its answer. */
export const TurnItem = memo(function TurnItem({ guru, turn, onRunning, onRetry }: TurnItemProps) {
  const { view: plain, line, broken } = useTurn(guru, turn);
  const [opened, setOpened] = useState(false);
  // Why a turn failed stands in its events alone.
  const view = useDetailedView(guru, plain, opened || plain.status === 'failed');
  const running = view.status === 'running' && broken === null;
  useEffect(() => {
    onRunning(turn.id, running);
    return () => onRunning(turn.id, false);
  }, [turn.id, running, onRunning]);
  const announcement = useAnnouncements(view);

  return (
    <article
      aria-label={`Question: ${view.question}`}
      aria-busy={running}
      data-turn={view.status}
      className="grid gap-4"
    >
      <QuestionText text={view.question} />
      <ActionSlip view={view} onOpen={() => setOpened(true)} />
      {view.answer !== '' && <Answer text={view.answer} />}
      {running && <TurnProgress phase={phaseOf(view)} answering={view.answer !== ''} line={line} />}
      {broken !== null && <Notice tone="bad">{broken}</Notice>}
      <TurnEnd view={view} onRetry={() => onRetry(view.question)} />
      {!running && <TurnFooter guru={guru} turn={turn} view={view} onRetry={() => onRetry(view.question)} />}
      <p role="status" className="sr-only">
        {announcement}
      </p>
    </article>
  );
});

/** The question as it was typed. */
export function QuestionText({ text }: { text: string }) {
  return (
    <h2 className="text-lg leading-snug font-semibold tracking-[-0.01em] whitespace-pre-wrap wrap-anywhere">
      {text}
    </h2>
  );
}

/** How a turn ended that did not end well, with the way to try again. */
function TurnEnd({ view, onRetry }: { view: TurnView; onRetry: () => void }) {
  if (view.status !== 'failed' && view.status !== 'cancelled') return null;
  const failed = view.status === 'failed';
  const words = failed
    ? (view.error ?? 'The question could not be answered. Ask it again.')
    : 'Stopped. What had begun before may have taken effect; its record above says so.';
  return (
    <Notice
      tone={failed ? 'bad' : 'info'}
      actions={
        <Button onClick={onRetry}>
          <RotateCcw aria-hidden className="size-3.5" />
          Ask again
        </Button>
      }
    >
      <MessageText
        text={view.executions.length === 0 && !failed ? 'Stopped before anything was done.' : words}
      />
    </Notice>
  );
}

interface TurnFooterProps {
  guru: string;
  turn: Turn;
  view: TurnView;
  onRetry: () => void;
}

/** What can be done with an answer: judge it, copy it, ask again; and why it came out so. */
function TurnFooter({ guru, turn, view, onRetry }: TurnFooterProps) {
  const votes = useVotes({
    guru,
    conversation: turn.conversation_id,
    turn: turn.id,
    feedback: turn.feedback ?? null,
  });
  const at = new Date(view.finishedAt ?? view.startedAt);
  const aside = (
    <div className="ml-auto flex h-7 shrink-0 items-center gap-1">
      <time dateTime={at.toISOString()} title={formatMoment(at)} className="text-[0.8125rem] text-ink-faint">
        {formatClock(at)}
      </time>
      {view.answer !== '' && votes.buttons}
      {view.answer !== '' && <CopyButton text={view.answer} label="Copy answer" />}
      {view.status === 'done' && (
        <IconButton label="Ask this again" onClick={onRetry}>
          <RotateCcw className="size-4" />
        </IconButton>
      )}
    </div>
  );
  return (
    <footer className="grid gap-2">
      <References runs={view.executions} />
      {view.plan === null ? aside : <WhyPanel plan={view.plan} aside={aside} />}
      {votes.below}
    </footer>
  );
}
