import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { RotateCw } from 'lucide-react';
import { useState } from 'react';

import { runAction } from '../../api/actions';
import { actionQuery } from '../../api/queries';
import type { Action, ExecutionStory } from '../../api/types';
import { Button } from '../../components/Button';
import { ConfirmDialog } from '../../components/ConfirmDialog';

/** Runs the action again with the same arguments; where that may change something elsewhere, it asks first. */
export function Rerun({ guru, run }: { guru: string; run: ExecutionStory }) {
  const action = useQuery({ ...actionQuery(guru, run.action), retry: false }).data;
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const again = useMutation({
    mutationFn: () => runAction(guru, run.action, run.arguments),
    onSuccess: async (fresh) => {
      setAsking(false);
      await queries.invalidateQueries({ queryKey: ['executions', guru] });
      await navigate({ to: '/g/$guru/history/$id', params: { guru, id: fresh.id } });
    },
    onError: () => setAsking(true),
  });
  const why = whyNot(action, run);
  return (
    <>
      <Button
        busy={again.isPending}
        disabled={why !== null}
        title={why ?? undefined}
        onClick={() => (isSafe(action) ? again.mutate() : setAsking(true))}
      >
        {!again.isPending && <RotateCw aria-hidden className="size-4" />}
        Run again
      </Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={(open) => {
          setAsking(open);
          if (!open) again.reset();
        }}
        title={`Run ${run.action} again?`}
        confirm="Run it"
        busy={again.isPending}
        error={again.error}
        onConfirm={() => again.mutate()}
      >
        It runs with the same arguments, and may change something in the other system a second time.
      </ConfirmDialog>
    </>
  );
}

function isSafe(action: Action | undefined): boolean {
  const run = action?.definition.run;
  return run?.type === 'api_call' && run.method === 'GET';
}

function whyNot(action: Action | undefined, run: ExecutionStory): string | null {
  if (action === undefined) return 'The action is not there any more.';
  if (!action.enabled) return 'The action is disabled. Test it in the builder instead.';
  const masked = Object.values(run.arguments).some((value) => String(value).includes('[secret:'));
  return masked ? 'An argument was masked, so it is not known any more.' : null;
}
