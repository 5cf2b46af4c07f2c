import { STEPS, stepOf, stepWords, type Step } from './steps';
import type { ActionFile } from '../../api/actionFile';
import type { Problem } from '../../api/types';
import { classes } from '../../lib/classes';
import { count } from '../../lib/time';

interface StepNavProps {
  step: Step;
  onStep: (step: Step) => void;
  draft: ActionFile;
  problems: Problem[];
}

export function StepNav({ step, onStep, draft, problems }: StepNavProps) {
  return (
    <nav aria-label="Steps" className="-mx-1 overflow-x-auto border-b border-line">
      <ol className="flex gap-1 px-1">
        {STEPS.map((one, index) => {
          const wrong = problems.filter(({ field }) => field != null && stepOf(field) === one).length;
          return (
            <li key={one}>
              <button
                type="button"
                aria-current={one === step ? 'step' : undefined}
                onClick={() => onStep(one)}
                className={classes(
                  '-mb-px flex h-11 items-center gap-2 border-b-2 px-3 text-sm font-medium whitespace-nowrap transition-colors -outline-offset-2',
                  one === step ? 'border-accent text-ink' : 'border-transparent text-ink-soft hover:text-ink',
                )}
              >
                <span aria-hidden className="text-ink-faint tabular-nums">
                  {index + 1}
                </span>
                {stepWords(one, draft)}
                {wrong > 0 && (
                  <span className="grid size-5 place-items-center rounded-full bg-bad-soft text-xs text-bad">
                    <span aria-hidden>{wrong}</span>
                    <span className="sr-only">{count(wrong, 'problem')}</span>
                  </span>
                )}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
