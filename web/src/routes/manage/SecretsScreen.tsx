import { getRouteApi } from '@tanstack/react-router';

import { useGuru } from './useGuru';
import { SecretsPage } from '../../features/secrets/SecretsPage';

const route = getRouteApi('/app/manage/g/$guru/secrets');

export function SecretsScreen() {
  const { slug } = useGuru();
  const { set } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <SecretsPage
      key={slug}
      guru={slug}
      wanted={set ?? null}
      onWantedDone={() => void navigate({ search: {}, replace: true })}
    />
  );
}
