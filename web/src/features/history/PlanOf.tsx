import { useQuery } from '@tanstack/react-query';

import { client, unwrap } from '../../api/client';
import { Section } from '../../components/Section';
import { MessageText } from '../../components/SecretText';

interface PlanOfProps {
  guru: string;
  turn: string;
  action: string;
}

/** Why the action was chosen. Only the asker may read a turn, so for others there is nothing here. */
export function PlanOf({ guru, turn, action }: PlanOfProps) {
  const read = useQuery({
    queryKey: ['turn', guru, turn],
    queryFn: () => unwrap(client.GET('/api/v1/{guru}/turns/{id}', { params: { path: { guru, id: turn } } })),
    retry: false,
    staleTime: Infinity,
  });
  const plan = read.data?.plan;
  if (plan == null) return null;
  const own = plan.considered.find((considered) => considered.action === action);
  return (
    <Section title="Why it ran">
      <div className="text-sm text-ink-soft">
        {own !== undefined && (
          <p className="wrap-anywhere">
            Score {Math.round(own.score * 100)}%. <MessageText text={own.evidence.join(' ')} />
          </p>
        )}
        <p className="mt-1">
          Decided by the planner <span className="font-mono">{plan.planner}</span>, among{' '}
          {plan.considered.length} actions.
        </p>
      </div>
    </Section>
  );
}
