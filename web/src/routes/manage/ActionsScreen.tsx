import { useGuru } from './useGuru';
import { ActionsPage } from '../../features/actions/ActionsPage';
import { TemplatesPage } from '../../features/actions/TemplatesPage';

export function ActionsScreen() {
  const guru = useGuru();
  return <ActionsPage key={guru.slug} guru={guru} />;
}

export function TemplatesScreen() {
  const { slug } = useGuru();
  return <TemplatesPage key={slug} guru={slug} />;
}
