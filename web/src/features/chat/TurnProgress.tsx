import type { Line } from './follow';
import type { TurnPhase } from './turnView';

interface TurnProgressProps {
  phase: TurnPhase;
  /** True once words of the answer stand there: they show the progress themselves. */
  answering: boolean;
  line: Line;
}

const WORDS: Record<TurnPhase, string> = {
  planning: 'Finding what applies',
  acting: 'Waiting for the actions',
  answering: 'Writing the answer',
  ended: '',
};

/** What a running turn is busy with. Its place stays the same height whatever it says. */
export function TurnProgress({ phase, answering, line }: TurnProgressProps) {
  const words = line === 'lost' ? 'The line was lost; connecting again' : WORDS[phase];
  return (
    <p className="flex h-6 items-center gap-2.5 text-sm text-ink-soft">
      <span aria-hidden className="flex gap-1">
        {DELAYS.map((delay) => (
          <span key={delay} className={`size-1.5 animate-breathe rounded-full bg-accent ${delay}`} />
        ))}
      </span>
      {answering && line === 'open' ? <span className="sr-only">{words}</span> : words}
    </p>
  );
}

const DELAYS = ['[animation-delay:0s]', '[animation-delay:0.2s]', '[animation-delay:0.4s]'];
