import { ActionCard } from './ActionCard';
import { ArgumentChips } from './ArgumentChips';
import { waitingSteps, type TurnView } from './turnView';
import type { Plan } from '../../api/types';
import { StatusIcon } from '../../components/StatusIcon';
import { readableName, readableWord } from '../../lib/names';

interface ActionSlipProps {
  view: TurnView;
  onOpen: () => void;
}

/** What a turn does: the slip of its actions, run, waiting, or lacking something. */
export function ActionSlip({ view, onOpen }: ActionSlipProps) {
  const waiting = waitingSteps(view);
  const missing = view.plan?.missing ?? [];
  if (view.executions.length + waiting.length + missing.length === 0) return null;
  return (
    <ul
      aria-label="Actions"
      className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface shadow-[0_1px_2px_rgb(0_0_0/0.03)]"
    >
      {view.executions.map((run) => (
        <ActionCard key={run.id} run={run} onOpen={onOpen} />
      ))}
      {waiting.map((step, index) => (
        <WaitingCard key={`${step.action}-${index}`} step={step} />
      ))}
      {missing.map((lack) => (
        <MissingCard key={lack.action} lack={lack} />
      ))}
    </ul>
  );
}

function WaitingCard({ step }: { step: Plan['steps'][number] }) {
  return (
    <li data-status="queued" data-action={step.action} className="flex items-center gap-3 px-3.5 py-2.5">
      <StatusIcon status="queued" />
      <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1 text-ink-soft">
        <span className="font-medium">{readableName(step.action)}</span>
        <ArgumentChips given={step.arguments} />
      </span>
      <span className="text-[0.8125rem] text-ink-faint">Waiting</span>
    </li>
  );
}

function MissingCard({ lack }: { lack: Plan['missing'][number] }) {
  return (
    <li data-status="missing" data-action={lack.action} className="flex items-center gap-3 px-3.5 py-2.5">
      <StatusIcon status="missing" />
      <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1">
        <span className="font-medium">{readableName(lack.action)}</span>
        <ArgumentChips given={lack.arguments} />
      </span>
      <span className="text-right text-[0.8125rem] text-warn">
        Needs {lack.parameters.map(readableWord).join(' and ')}
      </span>
    </li>
  );
}
