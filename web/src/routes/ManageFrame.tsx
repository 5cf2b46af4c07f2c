import { useQuery } from '@tanstack/react-query';
import { Outlet, getRouteApi, useLocation, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect } from 'react';

import { LAST_GURU } from './app';
import { UnknownGuru } from './UnknownGuru';
import { gurusQuery } from './session';
import { EmptyState } from '../components/EmptyState';
import { Shell } from '../features/shell/Shell';
import { mayManage } from '../lib/roles';
import { writeStored } from '../lib/storage';

const app = getRouteApi('/app');

/** The frame of the pages to manage a guru; it stays while one goes from page to page. */
export function ManageFrame() {
  const { guru: slug = '' } = useParams({ strict: false });
  const { me, gurus: loaded } = app.useRouteContext();
  const gurus = useQuery(gurusQuery).data ?? loaded;
  const guru = gurus.find((one) => one.slug === slug);
  // One's own account is everybody's.
  const own = useLocation({ select: ({ pathname }) => pathname.endsWith('/account') });
  const navigate = useNavigate();
  useEffect(() => {
    if (guru !== undefined) writeStored('local', LAST_GURU, guru.slug);
  }, [guru]);
  if (guru === undefined) return <UnknownGuru slug={slug} onStart={() => void navigate({ to: '/' })} />;
  return (
    <Shell me={me} gurus={gurus} guru={guru} managing>
      {mayManage(guru) || own ? (
        <Outlet />
      ) : (
        <EmptyState title="This page is for admins">
          You may ask {guru.name}, and not change it. Ask one of its admins to give you that role.
        </EmptyState>
      )}
    </Shell>
  );
}
