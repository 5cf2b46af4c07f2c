import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import { useGuru } from './useGuru';
import { EmptyState } from '../../components/EmptyState';
import { DeleteGuru } from '../../features/settings/DeleteGuru';
import { GuruForm } from '../../features/settings/GuruForm';
import { HistorySettings } from '../../features/settings/HistorySettings';
import { Installation } from '../../features/settings/Installation';
import { PlannerPage } from '../../features/settings/PlannerPage';
import { SettingsFrame } from '../../features/settings/SettingsFrame';

const app = getRouteApi('/app');

export function SettingsScreen() {
  const guru = useGuru();
  return (
    <Framed>
      <GuruForm key={guru.slug} guru={guru} />
      <DeleteGuru guru={guru} />
    </Framed>
  );
}

export function PlannerScreen() {
  const guru = useGuru();
  return (
    <Framed>
      <PlannerPage key={guru.slug} guru={guru} />
    </Framed>
  );
}

export function HistorySettingsScreen() {
  const guru = useGuru();
  const { me } = app.useRouteContext();
  return (
    <Framed>
      <HistorySettings guru={guru} me={me} />
    </Framed>
  );
}

export function InstallationScreen() {
  const { me } = app.useRouteContext();
  if (!me.may_manage_installation) {
    return (
      <EmptyState title="This page is for super admins">
        Ask one of them how the installation stands.
      </EmptyState>
    );
  }
  return (
    <Framed>
      <Installation />
    </Framed>
  );
}

function Framed({ children }: { children: ReactNode }) {
  const guru = useGuru();
  const { me } = app.useRouteContext();
  return (
    <SettingsFrame guru={guru} me={me}>
      {children}
    </SettingsFrame>
  );
}
