import { useInfiniteQuery } from '@tanstack/react-query';

import { formatCost } from './cost';
import { listModelCalls, type Period } from '../../api/analytics';
import type { ModelCall } from '../../api/types';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { LoadError, LoadingRows } from '../../components/Loading';
import { SecretText } from '../../components/SecretText';
import { When } from '../../components/When';
import { formatDuration } from '../../lib/time';

interface ModelCallsDialogProps {
  guru: string;
  model: string | null;
  period: Period;
  onClose: () => void;
}

/** The calls of one model, newest first. */
export function ModelCallsDialog({ guru, model, period, onClose }: ModelCallsDialogProps) {
  return (
    <Dialog
      open={model !== null}
      onOpenChange={(open) => !open && onClose()}
      title={`Calls of ${model ?? ''}`}
      wide
    >
      {model !== null && <Calls key={model} guru={guru} model={model} period={period} />}
    </Dialog>
  );
}

function Calls({ guru, model, period }: { guru: string; model: string; period: Period }) {
  const list = useInfiniteQuery({
    queryKey: ['analytics', guru, 'model-calls', model, period],
    queryFn: ({ pageParam }) => listModelCalls(guru, model, period, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const calls = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="grid gap-4">
      {list.isPending && <LoadingRows what="calls" rows={4} />}
      {list.isError && <LoadError error={list.error} onRetry={() => void list.refetch()} />}
      <ul className="divide-y divide-line rounded-xl border border-line empty:hidden">
        {calls.map((call) => (
          <CallRow key={`${call.turn_id} ${call.purpose} ${call.duration_ms}`} call={call} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show older
        </Button>
      )}
    </div>
  );
}

function CallRow({ call }: { call: ModelCall }) {
  return (
    <li className="grid gap-0.5 px-4 py-2.5 text-sm">
      <span className="wrap-anywhere">
        <SecretText text={call.question} />
      </span>
      <span className="text-[0.8125rem] text-ink-soft tabular-nums">
        <When at={call.at} /> · to {call.purpose} · {call.input_tokens} + {call.output_tokens} tokens ·{' '}
        {formatDuration(call.duration_ms)} · {formatCost(call.cost)}
        {call.failed && <span className="text-bad"> · failed</span>}
      </span>
    </li>
  );
}
