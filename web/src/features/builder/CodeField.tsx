import { lazy, Suspense, useId, type ReactNode } from 'react';

import type { Offer } from './draft';
import type { Mode } from './editor/modes';
import { FIELD } from '../../components/fieldStyles';
import { MessageText } from '../../components/SecretText';
import { classes } from '../../lib/classes';

const Editor = lazy(async () => ({ default: (await import('./editor/CodeEditor')).CodeEditor }));

export interface CodeFieldProps {
  label: string;
  hideLabel?: boolean;
  mode: Mode;
  value: string;
  onChange: (value: string) => void;
  offers: Offer[];
  /** Told how to insert a name, each time the box gets the focus. */
  onFocus: (insert: (name: string) => void) => void;
  error?: string | null;
  /** Where in the text something is wrong. */
  mark?: { line: number; message: string } | null;
  hint?: ReactNode;
  aside?: ReactNode;
  placeholder?: string;
}

/** A box for text with placeholders, or for a script; the editor behind it is loaded when it is first needed. */
export function CodeField({ label, hideLabel = false, hint, aside, error, mode, ...rest }: CodeFieldProps) {
  const id = useId();
  const tall = mode !== 'line';
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-1.5">
      <div className={classes('flex items-baseline justify-between gap-3', hideLabel && 'sr-only')}>
        <span id={id} className="text-sm font-medium">
          {label}
        </span>
        {aside}
      </div>
      <div
        className={classes(
          FIELD,
          'overflow-hidden px-0! focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent',
          tall ? 'min-h-44' : 'min-h-10',
          error != null && 'border-bad!',
        )}
      >
        <Suspense
          fallback={<pre className="px-3 py-2 font-mono text-sm whitespace-pre-wrap">{rest.value}</pre>}
        >
          <Editor label={label} error={error ?? null} mode={mode} {...rest} />
        </Suspense>
      </div>
      <div className="grid gap-1 text-[0.8125rem] empty:hidden">
        {error != null && (
          <p className="text-bad">
            <MessageText text={error} />
          </p>
        )}
        {hint !== undefined && <div className="text-ink-soft">{hint}</div>}
      </div>
    </div>
  );
}
