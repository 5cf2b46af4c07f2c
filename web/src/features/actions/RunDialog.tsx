import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type SyntheticEvent } from 'react';

import { runAction } from '../../api/actions';
import { messageOf } from '../../api/error';
import type { Action, Execution } from '../../api/types';
import { ArgumentsForm } from '../../components/ArgumentsForm';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { TEXT_LINK } from '../../components/linkStyles';
import { OutputView } from '../../components/OutputView';
import { MessageText } from '../../components/SecretText';
import { StatusIcon, statusWords } from '../../components/StatusIcon';
import { toArguments, type Typed } from '../../lib/arguments';
import { formatDuration } from '../../lib/time';

interface RunDialogProps {
  guru: string;
  action: Action;
  open: boolean;
  onClose: () => void;
}

/** Runs an enabled action now, outside any conversation. */
export function RunDialog({ guru, action, open, onClose }: RunDialogProps) {
  const [typed, setTyped] = useState<Typed>({});
  const queries = useQueryClient();
  const parameters = action.definition.parameters ?? [];
  const run = useMutation({
    mutationFn: () => runAction(guru, action.name, toArguments(parameters, typed)),
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['actions', guru] }),
        queries.invalidateQueries({ queryKey: ['executions', guru] }),
      ]),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!run.isPending) run.mutate();
  };
  const change = (next: boolean) => {
    if (next) return;
    run.reset();
    onClose();
  };
  return (
    <Dialog open={open} onOpenChange={change} title={`Trigger ${action.name}`} wide>
      <form onSubmit={submit} className="grid grid-cols-[minmax(0,1fr)] gap-5">
        <ArgumentsForm parameters={parameters} typed={typed} onTyped={setTyped} />
        {run.isError && (
          <p role="alert" className="text-sm text-bad wrap-anywhere">
            <MessageText text={messageOf(run.error)} />
          </p>
        )}
        {run.data !== undefined && <Outcome guru={guru} execution={run.data} />}
        <div className="flex justify-end gap-2">
          <Button onClick={() => change(false)}>Close</Button>
          <Button type="submit" look="primary" busy={run.isPending}>
            {run.data === undefined ? 'Run it' : 'Run again'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Outcome({ guru, execution }: { guru: string; execution: Execution }) {
  return (
    <div role="status" className="grid grid-cols-[minmax(0,1fr)] gap-3 rounded-xl border border-line p-4">
      <p className="flex items-center gap-2 text-sm">
        <StatusIcon status={execution.status} />
        <span className="font-medium">{statusWords(execution.status)}</span>
        {execution.duration_ms != null && (
          <span className="text-ink-soft">in {formatDuration(execution.duration_ms)}</span>
        )}
        <Link
          to="/g/$guru/history/$id"
          params={{ guru, id: execution.id }}
          className={`ml-auto ${TEXT_LINK}`}
        >
          Details
        </Link>
      </p>
      {execution.error != null && (
        <p className="text-sm wrap-anywhere">
          <MessageText text={execution.error} />
        </p>
      )}
      {execution.output != null && <OutputView text={execution.output} />}
    </div>
  );
}
