import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';

import { OutlookView } from './OutlookView';
import { ResultsFields } from './ResultsFields';
import { toDraft, toResults } from './results';
import { messageOf } from '../../api/error';
import { actionsQuery } from '../../api/queries';
import { putSchedule } from '../../api/schedules';
import type { Action, Guru, Schedule } from '../../api/types';
import { ArgumentsForm } from '../../components/ArgumentsForm';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { CheckField, InputField, SelectField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';
import { toArguments, toTyped, type Typed } from '../../lib/arguments';

const USUAL = [
  { words: 'Every morning', cron: '0 9 * * *' },
  { words: 'Weekdays', cron: '0 9 * * 1-5' },
  { words: 'Mondays', cron: '0 9 * * 1' },
  { words: 'Every hour', cron: '0 * * * *' },
  { words: 'Every 10 minutes', cron: '*/10 * * * *' },
];

interface ScheduleDialogProps {
  guru: Guru;
  edited: Schedule | 'new' | null;
  /** Actions that have a schedule already. */
  taken: string[];
  onClose: () => void;
}

export function ScheduleDialog({ guru, edited, taken, onClose }: ScheduleDialogProps) {
  const actions = useQuery(actionsQuery(guru.slug)).data?.items;
  const title = edited === null || edited === 'new' ? 'New schedule' : `Schedule of ${edited.action}`;
  return (
    <Dialog open={edited !== null} onOpenChange={(open) => !open && onClose()} title={title} wide>
      {edited !== null && actions !== undefined && (
        <ScheduleForm
          guru={guru}
          schedule={edited === 'new' ? null : edited}
          actions={actions.filter(({ name }) => edited !== 'new' || !taken.includes(name))}
          onClose={onClose}
        />
      )}
    </Dialog>
  );
}

interface ScheduleFormProps {
  guru: Guru;
  schedule: Schedule | null;
  actions: Action[];
  onClose: () => void;
}

function ScheduleForm({ guru, schedule, actions, onClose }: ScheduleFormProps) {
  const [name, setName] = useState(schedule?.action ?? actions[0]?.name ?? '');
  const [cron, setCron] = useState(schedule?.cron ?? '0 9 * * 1-5');
  const [zone, setZone] = useState(schedule?.time_zone ?? guru.time_zone);
  const [typed, setTyped] = useState<Typed>(() => toTyped(schedule?.arguments ?? {}));
  const [overlap, setOverlap] = useState<string>(schedule?.overlap ?? 'skip');
  const [missed, setMissed] = useState<string>(schedule?.missed ?? 'skip');
  const [results, setResults] = useState(() => toDraft(schedule?.results));
  const [enabled, setEnabled] = useState(schedule?.enabled ?? true);
  const queries = useQueryClient();
  const parameters = actions.find((action) => action.name === name)?.definition.parameters ?? [];
  const save = useMutation({
    mutationFn: () =>
      putSchedule(guru.slug, name, {
        cron: cron.trim(),
        time_zone: zone,
        arguments: toArguments(parameters, typed),
        overlap,
        missed,
        results: toResults(results),
        enabled,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['schedules', guru.slug] });
      onClose();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  return (
    <form onSubmit={submit} className="grid grid-cols-[minmax(0,1fr)] gap-5">
      {schedule === null && (
        <SelectField
          label="Action"
          value={name}
          onChange={(event) => setName(event.target.value)}
          choices={actions.map((action) => ({ value: action.name, label: action.name }))}
        />
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <InputField
          label="When"
          value={cron}
          onChange={(event) => setCron(event.target.value)}
          className="font-mono"
          autoComplete="off"
          spellCheck={false}
          hint="Minute, hour, day of month, month, day of week."
        />
        <SelectField
          label="Time zone"
          value={zone}
          onChange={(event) => setZone(event.target.value)}
          choices={zones(zone).map((one) => ({ value: one, label: one }))}
        />
      </div>
      <div className="-mt-2 flex flex-wrap gap-1.5">
        {USUAL.map(({ words, cron: usual }) => (
          <Button key={usual} className="h-8!" onClick={() => setCron(usual)}>
            {words}
          </Button>
        ))}
      </div>
      <OutlookView guru={guru.slug} cron={cron.trim()} zone={zone} />
      {parameters.length > 0 && <ArgumentsForm parameters={parameters} typed={typed} onTyped={setTyped} />}
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="When the run before goes on"
          value={overlap}
          onChange={(event) => setOverlap(event.target.value)}
          choices={[
            { value: 'skip', label: 'Leave this one out' },
            { value: 'queue', label: 'Run after it' },
            { value: 'allow', label: 'Run beside it' },
          ]}
        />
        <SelectField
          label="When Errand was not running"
          value={missed}
          onChange={(event) => setMissed(event.target.value)}
          choices={[
            { value: 'skip', label: 'Leave it out' },
            { value: 'catch_up_once', label: 'Catch up once' },
          ]}
        />
      </div>
      <ResultsFields guru={guru.slug} action={name} draft={results} onDraft={setResults} />
      <CheckField
        label="On: it fires by itself"
        checked={enabled}
        onChange={(event) => setEnabled(event.target.checked)}
      />
      {save.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(save.error)} />
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          Save the schedule
        </Button>
      </div>
    </form>
  );
}

function zones(current: string): string[] {
  return [...new Set(['UTC', current, ...Intl.supportedValuesOf('timeZone')])];
}
