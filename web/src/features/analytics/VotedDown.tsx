import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { listFeedback } from '../../api/feedback';
import { Button } from '../../components/Button';
import { LoadError } from '../../components/Loading';
import { Section } from '../../components/Section';
import { SecretText } from '../../components/SecretText';
import { When } from '../../components/When';
import { TEXT_LINK } from '../../components/linkStyles';

/** Answers that their askers found bad, and why. */
export function VotedDown({ guru }: { guru: string }) {
  const list = useInfiniteQuery({
    queryKey: ['analytics', guru, 'voted-down'],
    queryFn: ({ pageParam }) => listFeedback(guru, 'down', pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section
      title="Answers voted down"
      aside={
        <Link
          to="/g/$guru/history"
          params={{ guru }}
          search={{ vote: 'down' }}
          className={`text-sm ${TEXT_LINK}`}
        >
          Their runs
        </Link>
      }
    >
      {list.isError && <LoadError error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && items.length === 0 && <p className="text-sm text-ink-soft">There are none.</p>}
      <ul className="divide-y divide-line rounded-xl border border-line bg-surface empty:hidden">
        {items.map((one, index) => (
          <li key={`${one.turn_id} ${index}`} className="flex gap-4 px-4 py-2.5 text-sm">
            <div className="min-w-0 flex-1 wrap-anywhere">
              <SecretText text={one.question} />
              {one.comment != null && (
                <p className="text-[0.8125rem] text-ink-soft">
                  “<SecretText text={one.comment} />”
                </p>
              )}
            </div>
            <span className="text-[0.8125rem] text-ink-soft">
              <When at={one.updated_at} />
            </span>
          </li>
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
    </Section>
  );
}
