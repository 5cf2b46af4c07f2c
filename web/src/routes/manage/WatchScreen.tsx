import { getRouteApi } from '@tanstack/react-router';

import { useGuru } from './useGuru';
import { AnalyticsPage } from '../../features/analytics/AnalyticsPage';
import { AuditPage } from '../../features/audit/AuditPage';

const app = getRouteApi('/app');
const analytics = getRouteApi('/app/manage/g/$guru/analytics');
const audit = getRouteApi('/app/manage/g/$guru/audit');

const DAYS_SHOWN = 30;

export function AnalyticsScreen() {
  const { slug } = useGuru();
  const { me } = app.useRouteContext();
  const { days } = analytics.useSearch();
  const navigate = analytics.useNavigate();
  return (
    <AnalyticsPage
      key={slug}
      guru={slug}
      me={me}
      days={days ?? DAYS_SHOWN}
      onDays={(next) => void navigate({ search: { days: next }, replace: true })}
    />
  );
}

export function AuditScreen() {
  const { slug } = useGuru();
  const { me } = app.useRouteContext();
  const filter = audit.useSearch();
  const navigate = audit.useNavigate();
  return (
    <AuditPage
      key={slug}
      guru={slug}
      me={me}
      filter={filter}
      onFilter={(search) => void navigate({ search, replace: true })}
    />
  );
}
