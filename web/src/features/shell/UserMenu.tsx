import { Menu } from '@base-ui/react/menu';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Check, CircleUser, LogOut, Monitor, Moon, Sun } from 'lucide-react';

import { signOut } from '../../api/auth';
import type { Me } from '../../api/types';
import { MENU_ITEM, MENU_POPUP } from '../../components/menuStyles';
import { initials } from '../../lib/names';
import { chooseTheme, useThemeChoice, type ThemeChoice } from '../../lib/theme';

const THEMES: { choice: ThemeChoice; label: string; icon: typeof Sun }[] = [
  { choice: 'system', label: 'As the system', icon: Monitor },
  { choice: 'light', label: 'Light', icon: Sun },
  { choice: 'dark', label: 'Dark', icon: Moon },
];

export function UserMenu({ me, guru }: { me: Me; guru: string }) {
  const theme = useThemeChoice();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const leave = useMutation({
    mutationFn: signOut,
    onSuccess: async (goOnTo) => {
      // First: the sign-in would lead back whom it still takes for signed in.
      queries.clear();
      if (goOnTo === null) await navigate({ to: '/sign-in' });
      else window.location.assign(goOnTo);
    },
  });
  const name = [me.name, me.email].find((known) => known != null && known !== '') ?? 'You';
  return (
    <Menu.Root>
      <Menu.Trigger
        aria-label={`Account: ${name}`}
        className="grid size-10 place-items-center rounded-full bg-rail-hover text-xs font-semibold text-rail-ink focus-visible:outline-rail-ink"
      >
        {initials(name)}
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner side="right" align="end" sideOffset={10} className="z-50">
          <Menu.Popup className={MENU_POPUP}>
            <div className="px-2.5 pt-1 pb-2">
              <p className="truncate text-sm font-medium">{name}</p>
              {me.email != null && me.email !== name && (
                <p className="truncate text-[0.8125rem] text-ink-soft">{me.email}</p>
              )}
            </div>
            <Menu.RadioGroup
              aria-label="Theme"
              value={theme}
              onValueChange={(choice: ThemeChoice) => chooseTheme(choice)}
              className="border-t border-line py-1.5"
            >
              {THEMES.map(({ choice, label, icon: Icon }) => (
                <Menu.RadioItem key={choice} value={choice} closeOnClick={false} className={MENU_ITEM}>
                  <Icon aria-hidden className="size-4 text-ink-soft" />
                  <span className="flex-1">{label}</span>
                  <Menu.RadioItemIndicator>
                    <Check aria-hidden className="size-4 text-accent" />
                  </Menu.RadioItemIndicator>
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
            <div className="border-t border-line pt-1.5">
              <Menu.Item
                className={MENU_ITEM}
                onClick={() => void navigate({ to: '/g/$guru/account', params: { guru } })}
              >
                <CircleUser aria-hidden className="size-4 text-ink-soft" />
                Your account
              </Menu.Item>
              <Menu.Item className={MENU_ITEM} onClick={() => leave.mutate()} closeOnClick={false}>
                <LogOut aria-hidden className="size-4 text-ink-soft" />
                {leave.isError ? 'Signing out failed: try again' : 'Sign out'}
              </Menu.Item>
            </div>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
