import { getRouteApi } from '@tanstack/react-router';

import { useGuru } from './useGuru';
import { SettingsPage } from '../../features/settings/SettingsPage';

const app = getRouteApi('/app');

export function SettingsScreen() {
  const guru = useGuru();
  const { me } = app.useRouteContext();
  return <SettingsPage key={guru.slug} guru={guru} me={me} />;
}
