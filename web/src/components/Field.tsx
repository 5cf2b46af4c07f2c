import { useId, type ComponentProps, type ReactNode } from 'react';

import { FIELD } from './fieldStyles';
import { MessageText } from './SecretText';
import { classes } from '../lib/classes';

interface FrameProps {
  id: string;
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value. */
  error?: string | null;
  /** Stands at the end of the label's line. */
  aside?: ReactNode;
  hideLabel?: boolean;
  children: ReactNode;
}

/** A label, a box, a hint and what is wrong; the box names `describedBy(id)`. */
export function FieldFrame({ id, label, hint, error, aside, hideLabel = false, children }: FrameProps) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] content-start gap-1.5">
      <div className={classes('flex items-baseline justify-between gap-3', hideLabel && 'sr-only')}>
        <label htmlFor={id} id={`${id}-label`} className="text-sm font-medium">
          {label}
        </label>
        {aside}
      </div>
      {children}
      <div id={`${id}-hint`} className="grid gap-1 text-[0.8125rem] empty:hidden">
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

type FieldProps = Omit<FrameProps, 'id' | 'children'>;

export function InputField({
  label,
  hint,
  error,
  aside,
  hideLabel,
  className,
  ...rest
}: FieldProps & ComponentProps<'input'>) {
  const id = useId();
  return (
    <FieldFrame {...{ id, label, hint, error, aside, hideLabel }}>
      <input
        {...rest}
        id={id}
        aria-describedby={`${id}-hint`}
        aria-invalid={error != null || undefined}
        className={classes(FIELD, 'h-10 pointer-coarse:h-11', className)}
      />
    </FieldFrame>
  );
}

export function AreaField({
  label,
  hint,
  error,
  aside,
  hideLabel,
  className,
  ...rest
}: FieldProps & ComponentProps<'textarea'>) {
  const id = useId();
  return (
    <FieldFrame {...{ id, label, hint, error, aside, hideLabel }}>
      <textarea
        rows={4}
        {...rest}
        id={id}
        aria-describedby={`${id}-hint`}
        aria-invalid={error != null || undefined}
        className={classes(FIELD, 'field-sizing-content min-h-20 py-2 leading-6', className)}
      />
    </FieldFrame>
  );
}

interface Choice {
  value: string;
  label: string;
}

export function SelectField({
  label,
  hint,
  error,
  aside,
  hideLabel,
  choices,
  className,
  ...rest
}: FieldProps & ComponentProps<'select'> & { choices: Choice[] }) {
  const id = useId();
  return (
    <FieldFrame {...{ id, label, hint, error, aside, hideLabel }}>
      <select
        {...rest}
        id={id}
        aria-describedby={`${id}-hint`}
        aria-invalid={error != null || undefined}
        className={classes(FIELD, 'h-10 pr-8 pointer-coarse:h-11', className)}
      >
        {choices.map(({ value, label: words }) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
    </FieldFrame>
  );
}

interface CheckProps extends ComponentProps<'input'> {
  label: ReactNode;
}

export function CheckField({ label, className, ...rest }: CheckProps) {
  return (
    <label
      className={classes('flex min-h-8 items-center gap-2.5 text-sm pointer-coarse:min-h-11', className)}
    >
      <input type="checkbox" {...rest} className="size-4 shrink-0 accent-accent" />
      {label}
    </label>
  );
}
