import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useParams } from '@tanstack/react-router';

import type { Guru } from '../../api/types';
import { gurusQuery } from '../session';

const app = getRouteApi('/app');

/** The guru that the address names. The frame around these pages has made sure that it is there. */
export function useGuru(): Guru {
  const { guru: slug = '' } = useParams({ strict: false });
  const { gurus: loaded } = app.useRouteContext();
  const guru = (useQuery(gurusQuery).data ?? loaded).find((one) => one.slug === slug);
  if (guru === undefined) throw new Error(`no guru ${slug}`);
  return guru;
}
