import type { BodyProps } from './ApiCallFields';
import { CodeField } from './CodeField';
import { Hints } from './Hints';
import { wrongWith } from './check';
import type { Python } from '../../api/actionFile';
import type { Problem } from '../../api/types';
import { CheckField } from '../../components/Field';
import { classes } from '../../lib/classes';

/** Limits of a script, unless the operator set others; the server's word counts. */
const CHARS_MAX = 10_000;
const LINES_MAX = 500;

interface PythonFieldsProps extends BodyProps {
  python: Python;
  secrets: string[];
  /** The line at which a run stopped. */
  stoppedAt: number | null;
}

/** The script, and the secrets that it is given. */
export function PythonFields({ builder, python, offers, secrets, stoppedAt, onFocus }: PythonFieldsProps) {
  const { problems, advice, changeRun } = builder;
  const chars = Array.from(python.code).length;
  const lines = python.code.split('\n').length;
  const listed = python.secrets ?? [];
  const names = [...new Set([...secrets, ...listed])].sort();
  return (
    <>
      <CodeField
        label="Script"
        mode="python"
        value={python.code}
        onChange={(code) => changeRun({ code })}
        error={wrongWith(problems, 'run.code')}
        mark={markOf(problems) ?? stopOf(stoppedAt)}
        aside={
          <span
            className={classes(
              'text-[0.8125rem] tabular-nums',
              chars > CHARS_MAX || lines > LINES_MAX ? 'text-bad' : 'text-ink-soft',
            )}
          >
            {chars.toLocaleString()} of {CHARS_MAX.toLocaleString()} characters, {lines} of {LINES_MAX} lines
          </span>
        }
        hint={
          <>
            It runs in a fresh sandbox with Python 3.13; what it prints is the result. Tab indents; Escape,
            then Tab leaves the editor.
            <Hints advice={advice} field="run.code" />
          </>
        }
        offers={offers}
        onFocus={onFocus}
      />
      <fieldset>
        <legend className="mb-1 text-sm font-medium">Secrets that the script is given</legend>
        {names.length === 0 && <p className="text-sm text-ink-soft">This guru has no secrets yet.</p>}
        <div className="flex flex-wrap gap-x-6">
          {names.map((name) => (
            <CheckField
              key={name}
              label={<span className="font-mono text-[0.8125rem]">{name}</span>}
              checked={listed.includes(name)}
              onChange={(event) =>
                changeRun({
                  secrets: event.target.checked ? [...listed, name] : listed.filter((one) => one !== name),
                })
              }
            />
          ))}
        </div>
        <div className="text-[0.8125rem]">
          {wrongWith(problems, 'run.secrets', true) !== null && (
            <p className="text-bad">{wrongWith(problems, 'run.secrets', true)}</p>
          )}
          <Hints advice={advice} field="run.secrets" />
        </div>
      </fieldset>
    </>
  );
}

function stopOf(line: number | null): { line: number; message: string } | null {
  return line === null ? null : { line, message: 'A run stopped here.' };
}

/** The line that a problem of the script speaks of. */
export function markOf(problems: Problem[]): { line: number; message: string } | null {
  const found = problems.find(({ field }) => field === 'run.code');
  const line = /\bline (\d+)/.exec(found?.message ?? '')?.[1];
  return found === undefined || line === undefined ? null : { line: Number(line), message: found.message };
}
