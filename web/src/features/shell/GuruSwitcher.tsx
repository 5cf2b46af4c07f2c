import { Menu } from '@base-ui/react/menu';
import { useNavigate } from '@tanstack/react-router';
import { Check, ChevronsUpDown, Plus } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';

import type { Guru } from '../../api/types';
import { MENU_ITEM, MENU_POPUP } from '../../components/menuStyles';
import { initials } from '../../lib/names';

const NewGuruDialog = lazy(async () => ({ default: (await import('./NewGuruDialog')).NewGuruDialog }));

interface GuruSwitcherProps {
  gurus: Guru[];
  guru: Guru;
  mayCreate: boolean;
}

/** Which guru is asked. With one alone there is nothing to switch, and it only says its name. */
export function GuruSwitcher({ gurus, guru, mayCreate }: GuruSwitcherProps) {
  const [creating, setCreating] = useState(false);
  const navigate = useNavigate();
  const face = (
    <>
      <Monogram name={guru.name} />
      <span className="min-w-0 flex-1 truncate text-left text-sm font-semibold">{guru.name}</span>
    </>
  );
  if (gurus.length < 2 && !mayCreate) return <p className="flex h-11 items-center gap-2.5 px-1.5">{face}</p>;
  return (
    <>
      <Menu.Root>
        <Menu.Trigger
          aria-label={`Guru: ${guru.name}. Switch`}
          className="flex h-11 w-full items-center gap-2.5 rounded-lg px-1.5 transition-colors hover:bg-hover data-popup-open:bg-hover"
        >
          {face}
          <ChevronsUpDown aria-hidden className="size-4 text-ink-faint" />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner align="start" sideOffset={6} className="z-50">
            <Menu.Popup className={MENU_POPUP}>
              {gurus.map((other) => (
                <Menu.Item
                  key={other.id}
                  className={MENU_ITEM}
                  onClick={() =>
                    void navigate({
                      to: '/g/$guru/chat/{-$conversation}',
                      params: { guru: other.slug, conversation: undefined },
                    })
                  }
                >
                  <Monogram name={other.name} />
                  <span className="min-w-0 flex-1 truncate">{other.name}</span>
                  {other.slug === guru.slug && <Check aria-label="chosen" className="size-4 text-accent" />}
                </Menu.Item>
              ))}
              {mayCreate && (
                <Menu.Item
                  className={`${MENU_ITEM} mt-1.5 border-t border-line`}
                  onClick={() => setCreating(true)}
                >
                  <Plus aria-hidden className="size-4 text-ink-soft" />
                  New guru
                </Menu.Item>
              )}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      {creating && (
        <Suspense>
          <NewGuruDialog onClose={() => setCreating(false)} />
        </Suspense>
      )}
    </>
  );
}

function Monogram({ name }: { name: string }) {
  return (
    <span
      aria-hidden
      className="grid size-7 shrink-0 place-items-center rounded-md bg-accent text-[0.6875rem] font-semibold text-on-accent"
    >
      {initials(name)}
    </span>
  );
}
