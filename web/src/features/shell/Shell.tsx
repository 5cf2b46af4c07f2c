import { Dialog } from '@base-ui/react/dialog';
import { useLocation } from '@tanstack/react-router';
import { Menu as MenuIcon, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { GuruSwitcher } from './GuruSwitcher';
import { ManageNav } from './ManageNav';
import { NavRail } from './NavRail';
import type { Guru, Me } from '../../api/types';
import { IconButton } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { useOnline } from '../../lib/hooks';
import { mayManage } from '../../lib/roles';

interface ShellProps {
  me: Me;
  gurus: Guru[];
  guru: Guru;
  /** What stands between the navigation and the page: lists to choose from. */
  panel?: ReactNode;
  /** Whether a page to manage is on show; then the panel is their list. */
  managing?: boolean;
  children: ReactNode;
}

/** The frame around every page of a guru. On a narrow screen navigation and panel move into a drawer. */
export function Shell({ me, gurus, guru, panel, managing = false, children }: ShellProps) {
  const side = (
    <>
      <NavRail me={me} guru={guru.slug} managing={managing} mayManage={mayManage(guru)} />
      <div className="flex w-66 min-w-0 flex-col border-r border-line bg-sunken">
        <div className="p-3">
          <GuruSwitcher gurus={gurus} guru={guru} mayCreate={me.may_manage_installation} />
        </div>
        {managing && mayManage(guru) ? <ManageNav guru={guru.slug} me={me} /> : panel}
      </div>
    </>
  );
  return (
    <div className="flex h-dvh overflow-hidden max-md:flex-col">
      <a
        href="#page"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-lg bg-ink px-3 py-2 text-sm text-paper focus:translate-y-0"
      >
        Skip to the page
      </a>
      <div className="hidden md:flex">{side}</div>
      <TopBar title={guru.name}>{side}</TopBar>
      <main id="page" tabIndex={-1} className="relative flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        <OfflineBanner />
        <div className="min-h-0 flex-1">{children}</div>
      </main>
    </div>
  );
}

function TopBar({ title, children }: { title: string; children: ReactNode }) {
  // The drawer belongs to the place it was opened at: going elsewhere closes it.
  const place = useLocation({ select: (location) => location.href });
  const [openAt, setOpenAt] = useState<string | null>(null);
  return (
    <header className="flex h-13 shrink-0 items-center gap-2 border-b border-line px-2 md:hidden">
      <Dialog.Root open={openAt === place} onOpenChange={(open) => setOpenAt(open ? place : null)}>
        <Dialog.Trigger render={<IconButton label="Open navigation" className="size-11!" />}>
          <MenuIcon className="size-5" />
        </Dialog.Trigger>
        <Dialog.Portal>
          <Dialog.Backdrop className="fixed inset-0 z-30 bg-black/40 md:hidden" />
          <Dialog.Popup
            aria-label="Navigation"
            className="fixed inset-y-0 left-0 z-40 flex max-w-[calc(100vw-3rem)] bg-sunken shadow-float md:hidden"
          >
            {children}
            <Dialog.Close
              render={
                <IconButton
                  label="Close navigation"
                  className="absolute top-3 -right-11 size-9! bg-surface text-ink"
                />
              }
            >
              <X className="size-4" />
            </Dialog.Close>
          </Dialog.Popup>
        </Dialog.Portal>
      </Dialog.Root>
      <span className="truncate font-medium">{title}</span>
    </header>
  );
}

function OfflineBanner() {
  const online = useOnline();
  if (online) return null;
  return (
    <Notice
      tone="warn"
      className="absolute inset-x-3 top-3 z-20 shadow-float sm:inset-x-auto sm:left-1/2 sm:-translate-x-1/2"
    >
      You are offline. Answers go on by themselves once the network is back.
    </Notice>
  );
}
