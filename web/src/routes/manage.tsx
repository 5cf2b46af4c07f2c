/** The pages of those who build and run actions. Each loads on its own, inside one frame that stays. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';

import { appRoute } from './app';
import { readAuditSearch, readHistorySearch } from './historySearch';

const frame = createRoute({
  getParentRoute: () => appRoute,
  id: 'manage',
  component: lazyRouteComponent(() => import('./ManageFrame'), 'ManageFrame'),
});

const actions = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/actions',
  component: lazyRouteComponent(() => import('./manage/ActionsScreen'), 'ActionsScreen'),
});

interface BuilderSearch {
  step?: string;
  /** The action to begin with a copy of. */
  from?: string;
  /** The line of the script at which a run stopped. */
  line?: number;
}

/** `/g/support/action` for a new action, `/g/support/action/refund_lookup` for one that is there: one page. */
const action = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/action/{-$name}',
  validateSearch: ({ step, from, line }: Record<string, unknown>): BuilderSearch => ({
    ...(typeof step === 'string' && { step }),
    ...(typeof from === 'string' && { from }),
    ...(typeof line === 'number' && { line }),
  }),
  component: lazyRouteComponent(() => import('./manage/BuilderScreen'), 'BuilderScreen'),
});

const templates = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/templates',
  component: lazyRouteComponent(() => import('./manage/ActionsScreen'), 'TemplatesScreen'),
});

const secrets = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/secrets',
  validateSearch: (search: Record<string, unknown>): { set?: string } =>
    typeof search.set === 'string' ? { set: search.set } : {},
  component: lazyRouteComponent(() => import('./manage/SecretsScreen'), 'SecretsScreen'),
});

const history = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/history',
  validateSearch: readHistorySearch,
  component: lazyRouteComponent(() => import('./manage/HistoryScreen'), 'HistoryScreen'),
});

const execution = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/history/$id',
  component: lazyRouteComponent(() => import('./manage/HistoryScreen'), 'ExecutionScreen'),
});

const lab = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/lab',
  component: lazyRouteComponent(() => import('./manage/LabScreen'), 'LabScreen'),
});

const suite = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/lab/$suite',
  component: lazyRouteComponent(() => import('./manage/LabScreen'), 'SuiteScreen'),
});

const settings = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/settings',
  component: lazyRouteComponent(() => import('./manage/SettingsScreen'), 'SettingsScreen'),
});

const plannerSettings = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/settings/planner',
  component: lazyRouteComponent(() => import('./manage/SettingsScreen'), 'PlannerScreen'),
});

const historySettings = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/settings/history',
  component: lazyRouteComponent(() => import('./manage/SettingsScreen'), 'HistorySettingsScreen'),
});

const installation = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/settings/installation',
  component: lazyRouteComponent(() => import('./manage/SettingsScreen'), 'InstallationScreen'),
});

const members = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/members',
  component: lazyRouteComponent(() => import('./manage/PeopleScreen'), 'MembersScreen'),
});

const keys = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/keys',
  component: lazyRouteComponent(() => import('./manage/PeopleScreen'), 'KeysScreen'),
});

const users = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/users',
  component: lazyRouteComponent(() => import('./manage/PeopleScreen'), 'UsersScreen'),
});

const account = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/account',
  component: lazyRouteComponent(() => import('./manage/PeopleScreen'), 'AccountScreen'),
});

const schedules = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/schedules',
  component: lazyRouteComponent(() => import('./manage/SchedulesScreen'), 'SchedulesScreen'),
});

const analytics = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/analytics',
  validateSearch: ({ days }: Record<string, unknown>): { days?: number } =>
    typeof days === 'number' ? { days } : {},
  component: lazyRouteComponent(() => import('./manage/WatchScreen'), 'AnalyticsScreen'),
});

const audit = createRoute({
  getParentRoute: () => frame,
  path: '/g/$guru/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./manage/WatchScreen'), 'AuditScreen'),
});

export const manageRoutes = frame.addChildren([
  actions,
  action,
  templates,
  secrets,
  history,
  execution,
  lab,
  suite,
  settings,
  plannerSettings,
  historySettings,
  installation,
  analytics,
  audit,
  schedules,
  members,
  keys,
  users,
  account,
]);
