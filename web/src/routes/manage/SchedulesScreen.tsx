import { useGuru } from './useGuru';
import { SchedulesPage } from '../../features/schedules/SchedulesPage';

export function SchedulesScreen() {
  const guru = useGuru();
  return <SchedulesPage key={guru.slug} guru={guru} />;
}
