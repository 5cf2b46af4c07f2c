import { useInfiniteQuery } from '@tanstack/react-query';

import { ChainCheck } from './ChainCheck';
import { EntryLine } from './EntryLine';
import { listAudit, type AuditFilter } from '../../api/audit';
import type { Me } from '../../api/types';
import { Button } from '../../components/Button';
import { InputField } from '../../components/Field';
import { LoadError, LoadingRows, Nothing } from '../../components/Loading';
import { Page } from '../../components/Page';
import { useSettled } from '../../lib/debounce';

const TYPING_MS = 350;

interface AuditPageProps {
  guru: string;
  me: Me;
  filter: AuditFilter;
  onFilter: (filter: AuditFilter) => void;
}

/** Every change: who, when, from where, what, before and after. */
export function AuditPage({ guru, me, filter, onFilter }: AuditPageProps) {
  const text = useSettled(JSON.stringify(filter), TYPING_MS);
  const list = useInfiniteQuery({
    queryKey: ['audit', guru, text],
    queryFn: ({ pageParam }) => listAudit(guru, JSON.parse(text) as AuditFilter, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    placeholderData: (before) => before,
  });
  const entries = list.data?.pages.flatMap((page) => page.items) ?? [];
  const field = (name: keyof AuditFilter) => ({
    value: filter[name] ?? '',
    onChange: (event: { target: { value: string } }) => {
      const rest = Object.entries(filter).filter(([other]) => other !== name);
      const { value } = event.target;
      onFilter(Object.fromEntries(value === '' ? rest : [...rest, [name, value]]));
    },
  });
  return (
    <Page
      title="Audit log"
      lead="Every change to this guru. Entries are only ever added, and each covers the one before by its hash."
    >
      {me.may_manage_installation && <ChainCheck />}
      <div role="search" aria-label="Filters" className="grid gap-3 sm:grid-cols-3">
        <InputField label="Who" {...field('actor')} placeholder="ana@acme.test" />
        <InputField label="What" {...field('verb')} placeholder="action or action.update" />
        <InputField label="On" {...field('object')} placeholder="refund_lookup" />
      </div>
      {list.isPending && <LoadingRows what="the audit log" />}
      {list.isError && entries.length === 0 && (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isSuccess && entries.length === 0 && <Nothing title="No change matches" />}
      {entries.length > 0 && (
        <ol className="divide-y divide-line rounded-xl border border-line bg-surface">
          {entries.map((entry) => (
            <EntryLine key={entry.seq} entry={entry} />
          ))}
        </ol>
      )}
      {list.hasNextPage && (
        <Button
          className="justify-self-center"
          busy={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          Show older
        </Button>
      )}
    </Page>
  );
}
