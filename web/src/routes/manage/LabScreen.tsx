import { getRouteApi } from '@tanstack/react-router';

import { useGuru } from './useGuru';
import { LabPage } from '../../features/lab/LabPage';
import { SuitePage } from '../../features/lab/SuitePage';

const suite = getRouteApi('/app/manage/g/$guru/lab/$suite');

export function LabScreen() {
  const { slug } = useGuru();
  return <LabPage key={slug} guru={slug} />;
}

export function SuiteScreen() {
  const guru = useGuru();
  const { suite: id } = suite.useParams();
  return <SuitePage key={id} guru={guru.slug} id={id} hasModel={guru.model != null} />;
}
