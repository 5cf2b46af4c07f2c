import { Link } from '@tanstack/react-router';
import { MessagesSquare, type LucideIcon } from 'lucide-react';

import { UserMenu } from './UserMenu';
import type { Me } from '../../api/types';
import { Logo } from '../../components/Logo';

interface Page {
  label: string;
  icon: LucideIcon;
  to: '/g/$guru/chat/{-$conversation}';
}

/** A page is listed once it exists. */
const PAGES: Page[] = [{ label: 'Chat', icon: MessagesSquare, to: '/g/$guru/chat/{-$conversation}' }];

export function NavRail({ me, guru }: { me: Me; guru: string }) {
  return (
    <div className="flex w-17 shrink-0 flex-col items-center bg-rail py-3 text-rail-ink">
      <nav aria-label="Pages" className="flex flex-1 flex-col items-center">
        <Link
          to="/"
          aria-label="Errand, start"
          className="mb-4 grid size-11 place-items-center rounded-xl focus-visible:outline-rail-ink"
        >
          <Logo className="size-7" />
        </Link>
        <ul className="grid gap-1">
          {PAGES.map(({ label, icon: Icon, to }) => (
            <li key={label}>
              <Link
                to={to}
                params={{ guru, conversation: undefined }}
                activeOptions={{ exact: false, includeSearch: false }}
                activeProps={{ className: 'bg-rail-hover text-rail-ink' }}
                inactiveProps={{ className: 'text-rail-soft' }}
                className="grid size-13 place-items-center content-center gap-0.5 rounded-xl text-[0.6875rem] font-medium transition-colors hover:bg-rail-hover hover:text-rail-ink focus-visible:outline-rail-ink"
              >
                <Icon aria-hidden className="size-5" strokeWidth={1.75} />
                {label}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <UserMenu me={me} />
    </div>
  );
}
