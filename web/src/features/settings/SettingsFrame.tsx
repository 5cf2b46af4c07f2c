import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

import type { Guru, Me } from '../../api/types';
import { Page } from '../../components/Page';

interface SettingsFrameProps {
  guru: Guru;
  me: Me;
  children: ReactNode;
}

const TABS = [
  { label: 'Guru', to: '/g/$guru/settings' },
  { label: 'Planner', to: '/g/$guru/settings/planner' },
  { label: 'History and backup', to: '/g/$guru/settings/history' },
] as const;

/** The state of everything that runs here; for super admins. */
const INSTALLATION = { label: 'Installation', to: '/g/$guru/settings/installation' } as const;

/** The settings' pages under one heading. Each is an address of its own, so that unsaved work is asked after. */
export function SettingsFrame({ guru, me, children }: SettingsFrameProps) {
  const tabs = me.may_manage_installation ? [...TABS, INSTALLATION] : TABS;
  return (
    <Page title="Settings" lead={`How ${guru.name} works.`}>
      <nav aria-label="Settings" className="-mx-1 overflow-x-auto border-b border-line">
        <ul className="flex gap-1 px-1">
          {tabs.map(({ label, to }) => (
            <li key={to}>
              <Link
                to={to}
                params={{ guru: guru.slug }}
                activeOptions={{ exact: true, includeSearch: false }}
                activeProps={{ className: 'border-accent text-ink' }}
                inactiveProps={{ className: 'border-transparent text-ink-soft hover:text-ink' }}
                className="-mb-px flex h-11 items-center border-b-2 px-3 text-sm font-medium whitespace-nowrap -outline-offset-2 transition-colors"
              >
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      {children}
    </Page>
  );
}
