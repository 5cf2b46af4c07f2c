import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { ActionMenu } from './ActionMenu';
import { RecentRuns } from './RecentRuns';
import { recentRunsQuery } from './queries';
import type { Action, Execution } from '../../api/types';
import { Badge } from '../../components/Badge';
import { KIND_WORDS } from '../../components/kinds';
import { StatusIcon, statusWords } from '../../components/StatusIcon';
import { When } from '../../components/When';

interface ActionTableProps {
  guru: string;
  actions: Action[];
  chosen: ReadonlySet<string>;
  onChosen: (chosen: ReadonlySet<string>) => void;
}

export function ActionTable({ guru, actions, chosen, onChosen }: ActionTableProps) {
  const recent = useQuery(recentRunsQuery(guru)).data ?? [];
  const all = actions.every(({ name }) => chosen.has(name));
  const toggle = (name: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(name);
    else next.delete(name);
    onChosen(next);
  };
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-surface">
      <table className="w-full text-left text-sm">
        <thead className="text-[0.8125rem] text-ink-soft">
          <tr className="border-b border-line">
            <th scope="col" className="w-10 py-2.5 pl-4">
              <input
                type="checkbox"
                aria-label="Choose all actions"
                checked={all}
                onChange={(event) =>
                  onChosen(event.target.checked ? new Set(actions.map(({ name }) => name)) : new Set())
                }
                className="size-4 accent-accent"
              />
            </th>
            <th scope="col" className="px-3 py-2.5 font-medium">
              Action
            </th>
            <th scope="col" className="px-3 py-2.5 font-medium max-sm:hidden">
              Type
            </th>
            <th scope="col" className="px-3 py-2.5 font-medium">
              Status
            </th>
            <th scope="col" className="px-3 py-2.5 font-medium whitespace-nowrap max-lg:hidden">
              Recent runs
            </th>
            <th scope="col" className="px-3 py-2.5 font-medium whitespace-nowrap max-md:hidden">
              Last run
            </th>
            <th scope="col" className="w-12 py-2.5 pr-3">
              <span className="sr-only">Menu</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {actions.map((action) => (
            <ActionRow
              key={action.id}
              guru={guru}
              action={action}
              runs={recent.filter((run) => run.action === action.name)}
              chosen={chosen.has(action.name)}
              onChosen={(on) => toggle(action.name, on)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ActionRowProps {
  guru: string;
  action: Action;
  runs: Execution[];
  chosen: boolean;
  onChosen: (on: boolean) => void;
}

function ActionRow({ guru, action, runs, chosen, onChosen }: ActionRowProps) {
  const { name, definition, last_run: last } = action;
  return (
    <tr data-action={name} className="transition-colors hover:bg-hover/40">
      <td className="py-3 pl-4 align-top">
        <input
          type="checkbox"
          aria-label={`Choose ${name}`}
          checked={chosen}
          onChange={(event) => onChosen(event.target.checked)}
          className="mt-0.5 size-4 accent-accent"
        />
      </td>
      <td className="max-w-md min-w-40 px-3 py-3 align-top">
        <Link
          to="/g/$guru/action/{-$name}"
          params={{ guru, name }}
          className="font-medium wrap-anywhere hover:underline hover:underline-offset-3"
        >
          {name}
        </Link>
        <p className="mt-0.5 line-clamp-1 text-[0.8125rem] text-ink-soft" title={definition.trigger}>
          {definition.trigger}
        </p>
      </td>
      <td className="px-3 py-3 align-top whitespace-nowrap text-ink-soft max-sm:hidden">
        {KIND_WORDS[action.kind]}
      </td>
      <td className="px-3 py-3 align-top">
        <ActionState action={action} />
      </td>
      <td className="px-3 py-3 align-top max-lg:hidden">
        <RecentRuns runs={runs} />
      </td>
      <td className="px-3 py-3 align-top whitespace-nowrap max-md:hidden">
        {last == null ? (
          <span className="text-ink-faint">never</span>
        ) : (
          <Link
            to="/g/$guru/history/$id"
            params={{ guru, id: last.id }}
            className="inline-flex items-center gap-2 text-ink-soft hover:text-ink"
          >
            <StatusIcon status={last.status} />
            <span className="sr-only">{statusWords(last.status)}</span>
            <When at={last.at} />
          </Link>
        )}
      </td>
      <td className="py-2 pr-3 text-right align-top">
        <ActionMenu guru={guru} action={action} />
      </td>
    </tr>
  );
}

function ActionState({ action }: { action: Action }) {
  const untested = action.tested_version !== action.version;
  return (
    <span className="flex flex-wrap gap-1">
      {action.enabled ? <Badge tone="ok">Enabled</Badge> : <Badge>Disabled</Badge>}
      {action.missing_secrets.length > 0 && (
        <Badge tone="warn">
          {action.missing_secrets.length === 1 ? 'Secret missing' : 'Secrets missing'}
        </Badge>
      )}
      {untested && <Badge tone={action.enabled ? 'warn' : 'plain'}>Not tested</Badge>}
      {action.disabled_reason != null && (
        <span className="w-full text-[0.8125rem] text-ink-soft">{action.disabled_reason}</span>
      )}
    </span>
  );
}
