import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';

import { ScheduleDialog } from './ScheduleDialog';
import { ScheduleRow } from './ScheduleRow';
import { schedulesQuery } from './queries';
import { deleteSchedule } from '../../api/schedules';
import type { Guru, Schedule } from '../../api/types';
import { Button } from '../../components/Button';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { LoadError, LoadingRows, Nothing } from '../../components/Loading';
import { Page } from '../../components/Page';

/** The actions that run by themselves, and when. */
export function SchedulesPage({ guru }: { guru: Guru }) {
  const list = useQuery(schedulesQuery(guru.slug));
  const [edited, setEdited] = useState<Schedule | 'new' | null>(null);
  const [doomed, setDoomed] = useState<string | null>(null);
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (action: string) => deleteSchedule(guru.slug, action),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['schedules', guru.slug] });
      setDoomed(null);
    },
  });
  const schedules = list.data;
  return (
    <Page
      title="Schedules"
      lead="Actions that run by themselves. Each run stands in the history, with the source “Schedule”."
      actions={
        <Button look="primary" onClick={() => setEdited('new')}>
          <Plus aria-hidden className="size-4" />
          New schedule
        </Button>
      }
    >
      {list.isPending && <LoadingRows what="schedules" rows={3} />}
      {list.isError && schedules === undefined && (
        <LoadError error={list.error} onRetry={() => void list.refetch()} />
      )}
      {schedules?.length === 0 && (
        <Nothing title="Nothing runs by itself yet">
          Let an action run each morning, or every ten minutes: a report, a check, a reminder.
        </Nothing>
      )}
      {schedules !== undefined && schedules.length > 0 && (
        <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
          {schedules.map((schedule) => (
            <ScheduleRow
              key={schedule.action}
              guru={guru.slug}
              schedule={schedule}
              onEdit={() => setEdited(schedule)}
              onDelete={() => setDoomed(schedule.action)}
            />
          ))}
        </ul>
      )}
      <ScheduleDialog
        guru={guru}
        edited={edited}
        taken={schedules?.map(({ action }) => action) ?? []}
        onClose={() => setEdited(null)}
      />
      <ConfirmDialog
        open={doomed !== null}
        onOpenChange={(open) => {
          if (open) return;
          remove.reset();
          setDoomed(null);
        }}
        title={`Delete the schedule of ${doomed ?? ''}?`}
        confirm="Delete"
        busy={remove.isPending}
        error={remove.error}
        onConfirm={() => {
          if (doomed !== null) remove.mutate(doomed);
        }}
      >
        The action stays, and no longer runs by itself.
      </ConfirmDialog>
    </Page>
  );
}
