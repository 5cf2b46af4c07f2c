import { useQuery } from '@tanstack/react-query';

import { listUnmatched, type Period } from '../../api/analytics';
import { AddToLab } from '../../components/AddToLab';
import { LoadError } from '../../components/Loading';
import { Section } from '../../components/Section';
import { SecretText } from '../../components/SecretText';
import { When } from '../../components/When';

/** What people asked for and nothing did: where the next action comes from. */
export function Unmatched({ guru, period }: { guru: string; period: Period }) {
  const list = useQuery({
    queryKey: ['analytics', guru, 'unmatched', period],
    queryFn: () => listUnmatched(guru, period),
  });
  return (
    <Section title="Questions that no action matched">
      {list.isError && <LoadError error={list.error} onRetry={() => void list.refetch()} />}
      {list.data?.length === 0 && <p className="text-sm text-ink-soft">There were none.</p>}
      <ul className="divide-y divide-line rounded-xl border border-line bg-surface empty:hidden">
        {list.data?.map(({ turn_id, question, at }) => (
          <li key={turn_id} className="flex gap-4 px-4 py-2.5 text-sm">
            <span className="min-w-0 flex-1 wrap-anywhere">
              <SecretText text={question} />
            </span>
            <span className="text-[0.8125rem] text-ink-soft">
              <When at={at} />
            </span>
            <span className="-my-1.5">
              <AddToLab guru={guru} turn={turn_id} question={question} small />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
