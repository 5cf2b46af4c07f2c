import { getRouteApi } from '@tanstack/react-router';

import { useGuru } from './useGuru';
import { ExecutionPage } from '../../features/history/ExecutionPage';
import { HistoryPage } from '../../features/history/HistoryPage';

const history = getRouteApi('/app/manage/g/$guru/history');
const execution = getRouteApi('/app/manage/g/$guru/history/$id');

export function HistoryScreen() {
  const { slug } = useGuru();
  const filter = history.useSearch();
  const navigate = history.useNavigate();
  return (
    <HistoryPage
      key={slug}
      guru={slug}
      filter={filter}
      onFilter={(search) => void navigate({ search, replace: true })}
    />
  );
}

export function ExecutionScreen() {
  const { slug } = useGuru();
  const { id } = execution.useParams();
  return <ExecutionPage key={id} guru={slug} id={id} />;
}
