import { Link } from '@tanstack/react-router';
import { MessagesSquare, Wrench } from 'lucide-react';

import { UserMenu } from './UserMenu';
import type { Me } from '../../api/types';
import { Logo } from '../../components/Logo';
import { classes } from '../../lib/classes';

interface NavRailProps {
  me: Me;
  guru: string;
  /** Whether one of the pages to manage is on show. */
  managing: boolean;
  mayManage: boolean;
}

const STOP =
  'grid size-13 place-items-center content-center gap-0.5 rounded-xl text-[0.6875rem] font-medium transition-colors ' +
  'hover:bg-rail-hover hover:text-rail-ink focus-visible:outline-rail-ink';
const HERE = 'bg-rail-hover text-rail-ink';
const ELSEWHERE = 'text-rail-soft';

/** The two sides of a guru: asking it, and managing it. */
export function NavRail({ me, guru, managing, mayManage }: NavRailProps) {
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
          <li>
            <Link
              to="/g/$guru/chat/{-$conversation}"
              params={{ guru, conversation: undefined }}
              activeOptions={{ exact: false, includeSearch: false }}
              activeProps={{ className: HERE }}
              inactiveProps={{ className: ELSEWHERE }}
              className={STOP}
            >
              <MessagesSquare aria-hidden className="size-5" strokeWidth={1.75} />
              Chat
            </Link>
          </li>
          {mayManage && (
            <li>
              <Link
                to="/g/$guru/actions"
                params={{ guru }}
                aria-current={managing ? 'true' : undefined}
                className={classes(STOP, managing ? HERE : ELSEWHERE)}
              >
                <Wrench aria-hidden className="size-5" strokeWidth={1.75} />
                Manage
              </Link>
            </li>
          )}
        </ul>
      </nav>
      <UserMenu me={me} guru={guru} />
    </div>
  );
}
