import { Link } from '@tanstack/react-router';
import {
  CalendarClock,
  ChartColumn,
  FlaskConical,
  ScrollText,
  History,
  KeyRound,
  KeySquare,
  LayoutGrid,
  Settings,
  ShieldUser,
  UsersRound,
  Zap,
  type LucideIcon,
} from 'lucide-react';

import type { ManagePath } from './paths';
import type { Me } from '../../api/types';

interface Entry {
  label: string;
  icon: LucideIcon;
  to: ManagePath;
}

const GROUPS: { title: string; entries: Entry[] }[] = [
  {
    title: 'Build',
    entries: [
      { label: 'Actions', icon: Zap, to: '/g/$guru/actions' },
      { label: 'Templates', icon: LayoutGrid, to: '/g/$guru/templates' },
      { label: 'Secrets', icon: KeyRound, to: '/g/$guru/secrets' },
      { label: 'Schedules', icon: CalendarClock, to: '/g/$guru/schedules' },
      { label: 'Trigger lab', icon: FlaskConical, to: '/g/$guru/lab' },
    ],
  },
  {
    title: 'Watch',
    entries: [
      { label: 'History', icon: History, to: '/g/$guru/history' },
      { label: 'Analytics', icon: ChartColumn, to: '/g/$guru/analytics' },
      { label: 'Audit log', icon: ScrollText, to: '/g/$guru/audit' },
    ],
  },
  {
    title: 'Set up',
    entries: [
      { label: 'Settings', icon: Settings, to: '/g/$guru/settings' },
      { label: 'Members', icon: UsersRound, to: '/g/$guru/members' },
      { label: 'API keys', icon: KeySquare, to: '/g/$guru/keys' },
    ],
  },
];

/** For those who may manage the whole installation. */
const INSTALLATION = {
  title: 'Installation',
  entries: [{ label: 'Users', icon: ShieldUser, to: '/g/$guru/users' }] satisfies Entry[],
};

/** The pages of those who build and run actions. */
export function ManageNav({ guru, me }: { guru: string; me: Me }) {
  const groups = me.may_manage_installation ? [...GROUPS, INSTALLATION] : GROUPS;
  return (
    <nav aria-label="Manage" className="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
      {groups.map(({ title, entries }) => (
        <div key={title} className="mb-5">
          <h2 className="px-2 pb-1 text-xs font-medium text-ink-faint">{title}</h2>
          <ul aria-label={title} className="grid gap-0.5">
            {entries.map(({ label, icon: Icon, to }) => (
              <li key={to}>
                <Link
                  to={to}
                  params={{ guru }}
                  activeOptions={{ includeSearch: false }}
                  activeProps={{ className: 'bg-hover font-medium text-ink' }}
                  inactiveProps={{ className: 'text-ink-soft hover:bg-hover/70 hover:text-ink' }}
                  className="flex h-9 items-center gap-2.5 rounded-lg px-2 text-sm transition-colors pointer-coarse:h-11"
                >
                  <Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} />
                  {label}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
