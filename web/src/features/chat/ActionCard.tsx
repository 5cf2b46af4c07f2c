import { Collapsible } from '@base-ui/react/collapsible';
import { ChevronDown } from 'lucide-react';
import { useState } from 'react';

import { ActionDetail } from './ActionDetail';
import { ArgumentChips } from './ArgumentChips';
import { isFinal, type ExecutionView } from './turnView';
import { MessageText } from '../../components/SecretText';
import { StatusIcon, statusTextTone, statusWords } from '../../components/StatusIcon';
import { classes } from '../../lib/classes';
import { useNow } from '../../lib/hooks';
import { readableName } from '../../lib/names';
import { splitHint } from '../../lib/output';
import { formatDuration, formatElapsed } from '../../lib/time';

interface ActionCardProps {
  run: ExecutionView;
  /** Told when it is opened: the details may have to be fetched. */
  onOpen: () => void;
}

/** One execution: a line that says how it stands, unfolding to all that is known of it. */
export function ActionCard({ run, onOpen }: ActionCardProps) {
  const [open, setOpen] = useState(false);
  const change = (next: boolean) => {
    setOpen(next);
    if (next) onOpen();
  };
  return (
    <li id={`run-${run.id}`} data-status={run.status} data-action={run.action} className="scroll-mt-6">
      <Collapsible.Root open={open} onOpenChange={change}>
        <Collapsible.Trigger className="group flex w-full items-center gap-3 px-3.5 py-2.5 text-left transition-colors hover:bg-hover/60">
          <StatusIcon status={run.status} />
          <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1">
            <span className="font-medium" title={run.action}>
              {readableName(run.action)}
            </span>
            <ArgumentChips given={run.arguments} />
          </span>
          <span
            className={classes(
              'text-[0.8125rem]',
              run.status === 'succeeded' ? 'sr-only' : statusTextTone(run.status),
            )}
          >
            {endWords(run)}
          </span>
          <Clock run={run} />
          <ChevronDown
            aria-hidden
            className="size-4 shrink-0 text-ink-faint transition-transform group-data-panel-open:rotate-180"
          />
        </Collapsible.Trigger>
        {run.error !== null && <ErrorLine error={run.error} />}
        {run.status === 'unknown' && run.error === null && (
          <ErrorLine error="The process that ran this action went away before it told how it ended. Look in the other system before you ask again: it may have taken effect." />
        )}
        <Collapsible.Panel className="px-3.5 pt-1 pb-4 pl-12.5 max-sm:pl-3.5">
          <ActionDetail run={run} />
        </Collapsible.Panel>
      </Collapsible.Root>
    </li>
  );
}

/** `Failed: out of memory`; the status alone where it says as much. */
function endWords(run: ExecutionView): string {
  const status = statusWords(run.status);
  if (run.ending === null || run.status !== 'failed') return status;
  const { reason, exit_code: code, line } = run.ending;
  const why = reason === 'exit_code' && code != null ? `exit code ${code}` : reason.replaceAll('_', ' ');
  return line == null ? `${status}: ${why}` : `${status}: ${why} at line ${line}`;
}

function Clock({ run }: { run: ExecutionView }) {
  const running = !isFinal(run.status) && run.startedAt !== null;
  const now = useNow(running);
  const words =
    running && run.startedAt !== null
      ? formatElapsed(now - run.startedAt)
      : run.durationMs === null
        ? ''
        : formatDuration(run.durationMs);
  return <span className="min-w-14 text-right text-[0.8125rem] text-ink-soft tabular-nums">{words}</span>;
}

function ErrorLine({ error }: { error: string }) {
  const { what, hint } = splitHint(error);
  return (
    <p className="px-3.5 pb-3 pl-12.5 text-sm wrap-anywhere">
      <MessageText text={what} />
      {hint !== null && (
        <span className="text-ink-soft">
          {' '}
          <MessageText text={hint} />
        </span>
      )}
    </p>
  );
}
