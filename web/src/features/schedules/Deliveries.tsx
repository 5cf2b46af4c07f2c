import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { listDeliveries } from '../../api/schedules';
import type { Delivery } from '../../api/types';
import { LoadError, LoadingRows } from '../../components/Loading';
import { MessageText } from '../../components/SecretText';
import { When } from '../../components/When';
import { TEXT_LINK } from '../../components/linkStyles';
import { classes } from '../../lib/classes';
import { count } from '../../lib/time';

/** Whom a schedule's results were told to lately. */
export function Deliveries({ guru, action }: { guru: string; action: string }) {
  const list = useQuery({
    queryKey: ['schedules', guru, 'deliveries', action],
    queryFn: () => listDeliveries(guru, action),
  });
  if (list.isPending) return <LoadingRows what="deliveries" rows={2} />;
  if (list.isError) return <LoadError error={list.error} onRetry={() => void list.refetch()} />;
  if (list.data.length === 0) return <p className="text-[0.8125rem] text-ink-soft">Nothing was told yet.</p>;
  return (
    <ul aria-label={`Deliveries of ${action}`} className="grid gap-1.5 text-[0.8125rem] text-ink-soft">
      {list.data.map((delivery) => (
        <li key={delivery.id} className="wrap-anywhere">
          <When at={delivery.created_at} /> to {delivery.channel} {delivery.receiver}:{' '}
          <span className={classes(delivery.status === 'failed' && 'text-bad')}>{wordsOf(delivery)}</span>
          {', '}
          <Link to="/g/$guru/history/$id" params={{ guru, id: delivery.execution_id }} className={TEXT_LINK}>
            see the run
          </Link>
          {delivery.error != null && (
            <span className="block">
              <MessageText text={delivery.error} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function wordsOf({ status, tries }: Delivery): string {
  if (status === 'delivered') return 'delivered';
  const tried = count(tries, 'try', 'tries');
  if (status === 'failed') return `given up after ${tried}`;
  return tries === 0 ? 'on its way' : `not yet, after ${tried}`;
}
