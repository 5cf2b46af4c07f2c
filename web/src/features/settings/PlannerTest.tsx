import { useMutation } from '@tanstack/react-query';
import { Check, Plug, X } from 'lucide-react';

import { settingsOf, type PlannerDraft } from './plannerDraft';
import { messageOf } from '../../api/error';
import { testPlanner } from '../../api/gurus';
import type { PlannerTest as Outcome } from '../../api/types';
import { Button } from '../../components/Button';
import { MessageText } from '../../components/SecretText';
import { count, formatDuration } from '../../lib/time';

interface PlannerTestProps {
  guru: string;
  draft: PlannerDraft;
  disabled: boolean;
}

/** Asks the model one word with what stands in the boxes, saved or not. */
export function PlannerTest({ guru, draft, disabled }: PlannerTestProps) {
  const test = useMutation({ mutationFn: () => testPlanner(guru, settingsOf(draft)) });
  return (
    <section aria-label="Connection test" className="grid gap-3">
      <Button
        className="justify-self-start"
        busy={test.isPending}
        disabled={disabled || draft.model.trim() === ''}
        title={draft.model.trim() === '' ? 'Name the model first.' : undefined}
        onClick={() => test.mutate()}
      >
        {!test.isPending && <Plug aria-hidden className="size-4" />}
        Test the connection
      </Button>
      <div role="status" className="text-sm empty:hidden">
        {test.isError && (
          <p className="text-bad">
            <MessageText text={messageOf(test.error)} />
          </p>
        )}
        {test.data !== undefined && <Told outcome={test.data} />}
      </div>
    </section>
  );
}

function Told({ outcome: { ok, reply, call } }: { outcome: Outcome }) {
  const took = formatDuration(call.duration_ms);
  if (!ok) {
    return (
      <p className="flex gap-2 text-bad" data-connection="failed">
        <X aria-hidden className="mt-0.5 size-4 shrink-0" />
        <span className="wrap-anywhere">
          No answer after {took} and {count(call.tries, 'try', 'tries')}.{' '}
          <MessageText text={call.error ?? ''} />
        </span>
      </p>
    );
  }
  return (
    <p className="flex gap-2 text-ok" data-connection="ok">
      <Check aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="wrap-anywhere">
        <span className="font-mono text-[0.8125rem]">{call.model}</span> answered in {took}
        {reply != null && <>: “{reply}”</>}
      </span>
    </p>
  );
}
