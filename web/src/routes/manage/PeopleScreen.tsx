import { getRouteApi } from '@tanstack/react-router';

import { useGuru } from './useGuru';
import { EmptyState } from '../../components/EmptyState';
import { AccountPage } from '../../features/people/AccountPage';
import { KeysPage } from '../../features/people/KeysPage';
import { MembersPage } from '../../features/people/MembersPage';
import { UsersPage } from '../../features/people/UsersPage';

const app = getRouteApi('/app');

export function MembersScreen() {
  const guru = useGuru();
  return <MembersPage key={guru.slug} guru={guru} />;
}

export function KeysScreen() {
  const guru = useGuru();
  return <KeysPage key={guru.slug} guru={guru} />;
}

export function UsersScreen() {
  const { me } = app.useRouteContext();
  if (!me.may_manage_installation) {
    return <EmptyState title="This page is for super admins">Ask one of them to change accounts.</EmptyState>;
  }
  return <UsersPage me={me} />;
}

export function AccountScreen() {
  const { me } = app.useRouteContext();
  return <AccountPage me={me} />;
}
