import { Link } from '@tanstack/react-router';
import { Pencil, Trash2 } from 'lucide-react';

import { Deliveries } from './Deliveries';
import { localTimes } from './localTimes';
import { receiverWords } from './results';
import type { Schedule } from '../../api/types';
import { Badge } from '../../components/Badge';
import { IconButton } from '../../components/Button';
import { Disclosure } from '../../components/Disclosure';
import { TEXT_LINK } from '../../components/linkStyles';
import { When } from '../../components/When';

const OUTCOMES: Record<string, string> = {
  fired: 'ran',
  missed: 'was missed: no process was there',
  overlapped: 'was left out: the run before went on',
  crowded: 'was left out: too many runs went on',
};

const WHEN: Record<string, string> = {
  always: 'of every run',
  on_failure: 'of runs that did not succeed',
  on_change: 'when the result is another',
};

interface ScheduleRowProps {
  guru: string;
  schedule: Schedule;
  onEdit: () => void;
  onDelete: () => void;
}

export function ScheduleRow({ guru, schedule, onEdit, onDelete }: ScheduleRowProps) {
  const { action, words, cron, time_zone: zone, enabled, next, last, results } = schedule;
  return (
    <li data-schedule={action} className="flex items-start gap-3 px-4 py-3.5">
      <div className="grid min-w-0 flex-1 gap-0.5">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium wrap-anywhere">
          <Link to="/g/$guru/action/{-$name}" params={{ guru, name: action }} className="hover:underline">
            {action}
          </Link>
          {!enabled && <Badge>Paused</Badge>}
        </p>
        <p className="text-sm">
          {words} <span className="text-ink-soft">({zone})</span>{' '}
          <code className="ml-1 font-mono text-[0.8125rem] text-ink-soft">{cron}</code>
        </p>
        {enabled && next[0] !== undefined && (
          <p className="text-[0.8125rem] text-ink-soft">Next: {localTimes(next.slice(0, 1))[0]}</p>
        )}
        {last != null && (
          <p className="text-[0.8125rem] text-ink-soft">
            Last: <When at={last.at} /> it {OUTCOMES[last.outcome] ?? last.outcome}
            {last.execution_id != null && (
              <>
                {', '}
                <Link
                  to="/g/$guru/history/$id"
                  params={{ guru, id: last.execution_id }}
                  className={TEXT_LINK}
                >
                  see the run
                </Link>
              </>
            )}
          </p>
        )}
        {results != null && (
          <Disclosure
            summary={
              <span className="font-normal">
                Tells {results.to.map(receiverWords).join('; ')} {WHEN[results.when]}
              </span>
            }
          >
            <Deliveries guru={guru} action={action} />
          </Disclosure>
        )}
      </div>
      <IconButton label={`Change the schedule of ${action}`} onClick={onEdit}>
        <Pencil className="size-4" />
      </IconButton>
      <IconButton label={`Delete the schedule of ${action}`} onClick={onDelete}>
        <Trash2 className="size-4" />
      </IconButton>
    </li>
  );
}
