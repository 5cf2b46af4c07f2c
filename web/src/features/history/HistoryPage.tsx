import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';

import { Filters } from './Filters';
import { RunTable } from './RunTable';
import { exportAddress, type ExecutionFilter } from '../../api/executions';
import { actionsQuery, historyQuery } from '../../api/queries';
import { Button } from '../../components/Button';
import { LINK_BUTTON } from '../../components/linkStyles';
import { LoadError, LoadingRows, Nothing } from '../../components/Loading';
import { Page } from '../../components/Page';

interface HistoryPageProps {
  guru: string;
  filter: ExecutionFilter;
  onFilter: (filter: ExecutionFilter) => void;
}

/** Every run, newest first. The filters are the address's, so that a view can be shared. */
export function HistoryPage({ guru, filter, onFilter }: HistoryPageProps) {
  const list = useInfiniteQuery(historyQuery(guru, filter));
  const actions = useQuery(actionsQuery(guru)).data?.items.map(({ name }) => name) ?? [];
  const runs = list.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = Object.keys(filter).length > 0;
  return (
    <Page
      title="History"
      wide
      lead="Every run of an action, newest first. New ones appear by themselves."
      actions={<Exports guru={guru} filter={filter} />}
    >
      <Filters actions={actions} filter={filter} onFilter={onFilter} />
      {list.isPending && <LoadingRows what="runs" rows={8} />}
      {list.isError && runs.length === 0 && (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isSuccess && runs.length === 0 && (
        <Nothing title={filtered ? 'No run matches' : 'Nothing ran yet'}>
          {filtered ? (
            <Button onClick={() => onFilter({})}>Show all runs</Button>
          ) : (
            'Ask the guru something, or test an action.'
          )}
        </Nothing>
      )}
      {runs.length > 0 && <RunTable guru={guru} runs={runs} />}
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

const FORMATS = [
  { format: 'csv', label: 'CSV' },
  { format: 'json', label: 'JSON' },
] as const;

/** The runs on show as a file, all of them. */
function Exports({ guru, filter }: { guru: string; filter: ExecutionFilter }) {
  return FORMATS.map(({ format, label }) => (
    <a
      key={format}
      href={exportAddress(guru, filter, format)}
      download={`history.${format}`}
      className={LINK_BUTTON}
    >
      <Download aria-hidden className="size-4" />
      <span className="sr-only">Export as </span>
      {label}
    </a>
  ));
}
