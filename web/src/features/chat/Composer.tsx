import { ArrowUp, Square } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';

import { Spinner } from '../../components/Spinner';
import { classes } from '../../lib/classes';

interface ComposerProps {
  draft: string;
  onDraft: (draft: string) => void;
  onSend: (question: string) => void;
  /** Stops the running turn; null while none runs. */
  onStop: (() => void) | null;
  stopping: boolean;
  sending: boolean;
  /** What Up brings back into an empty box; null for nothing. */
  lastQuestion: string | null;
  placeholder: string;
  /** The box takes the focus when this changes. */
  focusKey: string | null;
}

export const QUESTION_CHARS_MAX = 8_000;

/** Where a question is typed. */
export function Composer(props: ComposerProps) {
  const { draft, onDraft, onSend, onStop, sending, lastQuestion } = props;
  const box = useRef<HTMLTextAreaElement>(null);
  // As high as its text, up to the limit in its style.
  useLayoutEffect(() => {
    const area = box.current;
    if (area === null) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  }, [draft]);
  useEffect(() => {
    // On a touch screen focus would pull up the keyboard over the page.
    if (matchMedia('(pointer: fine)').matches) box.current?.focus();
  }, [props.focusKey]);

  const ready = draft.trim() !== '' && !sending && onStop === null;
  const send = () => {
    if (ready) onSend(draft.trim());
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    // While an input method composes, Enter chooses a word.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && draft === '' && lastQuestion !== null) {
      event.preventDefault();
      onDraft(lastQuestion);
    } else if (event.key === 'Escape' && onStop !== null) {
      onStop();
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      className="rounded-2xl border border-line-strong max-sm:grid max-sm:grid-cols-[1fr_auto] max-sm:items-end bg-surface shadow-float focus-within:border-accent focus-within:ring-1 focus-within:ring-accent"
    >
      <label htmlFor="question" className="sr-only">
        Question
      </label>
      <textarea
        id="question"
        ref={box}
        rows={1}
        value={draft}
        maxLength={QUESTION_CHARS_MAX}
        placeholder={props.placeholder}
        aria-describedby="question-keys"
        onChange={(event) => onDraft(event.target.value)}
        onKeyDown={onKeyDown}
        className="block max-h-56 w-full resize-none bg-transparent px-4 pt-3.5 pb-1 max-sm:pb-3.5 text-base outline-none placeholder:text-ink-faint"
      />
      <div className="flex items-center justify-between gap-3 py-2 pr-2 pl-4">
        <p id="question-keys" className="text-xs text-ink-faint max-sm:sr-only">
          {keysHint(onStop !== null, lastQuestion !== null)}
        </p>
        {onStop === null ? (
          <RoundButton type="submit" label="Send" disabled={!ready}>
            {sending ? <Spinner /> : <ArrowUp aria-hidden className="size-4.5" strokeWidth={2.25} />}
          </RoundButton>
        ) : (
          <RoundButton type="button" label="Stop" disabled={props.stopping} onClick={onStop}>
            {props.stopping ? <Spinner /> : <Square aria-hidden className="size-3.5 fill-current" />}
          </RoundButton>
        )}
      </div>
    </form>
  );
}

function keysHint(running: boolean, asked: boolean): string {
  if (running) return 'Esc stops';
  return `Enter sends · Shift+Enter for a new line${asked ? ' · ↑ edits the last question' : ''}`;
}

interface RoundButtonProps {
  type: 'submit' | 'button';
  label: string;
  disabled: boolean;
  onClick?: () => void;
  children: ReactNode;
}

function RoundButton({ type, label, disabled, onClick, children }: RoundButtonProps) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      // Stays focusable: a button that vanishes from the tab order takes the focus with it.
      aria-disabled={disabled}
      onClick={disabled ? undefined : onClick}
      className={classes(
        'ml-auto grid size-9 shrink-0 place-items-center rounded-full transition-colors pointer-coarse:size-11',
        disabled ? 'bg-hover text-ink-faint' : 'bg-ink text-paper hover:bg-ink/85',
      )}
    >
      {children}
    </button>
  );
}
