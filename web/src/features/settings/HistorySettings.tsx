import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type SyntheticEvent } from 'react';

import { Backup } from './Backup';
import { SaveLine } from './SaveLine';
import { problemWords } from './problems';
import { changeGuru, getRetention } from '../../api/gurus';
import type { Guru, Me, Retention } from '../../api/types';
import { InputField } from '../../components/Field';
import { TEXT_LINK } from '../../components/linkStyles';
import { Section } from '../../components/Section';
import { useUnsavedGuard } from '../../components/useUnsavedGuard';
import { useSettled } from '../../lib/debounce';
import { count } from '../../lib/time';

const TYPING_MS = 350;

/** How long the history is kept, and how the state is kept safe. */
export function HistorySettings({ guru, me }: { guru: Guru; me: Me }) {
  return (
    <>
      <RetentionForm key={guru.slug} guru={guru} />
      <Section title="Taking it along">
        <p className="text-sm text-ink-soft">
          The{' '}
          <Link to="/g/$guru/history" params={{ guru: guru.slug }} className={TEXT_LINK}>
            history
          </Link>{' '}
          and the{' '}
          <Link to="/g/$guru/analytics" params={{ guru: guru.slug }} className={TEXT_LINK}>
            analytics
          </Link>{' '}
          are written as files, with the filters that are set there.
        </p>
      </Section>
      {me.may_manage_installation && <Backup />}
    </>
  );
}

function RetentionForm({ guru }: { guru: Guru }) {
  const saved = guru.retention_days == null ? '' : String(guru.retention_days);
  const [text, setText] = useState(saved);
  const queries = useQueryClient();
  const days = readDays(text);
  const save = useMutation({
    mutationFn: (retention_days: number | null) => changeGuru(guru.slug, { retention_days }),
    onSuccess: async (updated) => {
      await queries.invalidateQueries({ queryKey: ['gurus'] });
      await queries.invalidateQueries({ queryKey: ['retention', guru.slug] });
      setText(updated.retention_days == null ? '' : String(updated.retention_days));
    },
  });
  const asked = useSettled(days === 'none' ? null : days, TYPING_MS);
  const outlook = useQuery({
    queryKey: ['retention', guru.slug, asked],
    queryFn: () => getRetention(guru.slug, asked === 'wrong' ? null : asked),
    enabled: asked !== 'wrong',
    placeholderData: (before) => before,
  });
  const changed = text.trim() !== saved;
  const guard = useUnsavedGuard(changed);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!save.isPending && days !== 'wrong') save.mutate(days === 'none' ? null : days);
  };
  return (
    <form onSubmit={submit} className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <Section
        title="Retention"
        lead="Questions, answers and runs that are older are forgotten, once an hour. The audit log stays."
      >
        <InputField
          label="Days that history is kept"
          inputMode="numeric"
          value={text}
          onChange={(event) => {
            save.reset();
            setText(event.target.value);
          }}
          error={
            days === 'wrong'
              ? 'This is not a number of days. Write one such as 90, or leave it empty.'
              : problemWords(save.error, 'retention_days')
          }
          hint={outlook.data === undefined ? 'Empty: as the operator set it.' : operatorWords(outlook.data)}
          className="max-w-40"
        />
        <p role="status" className="text-sm text-ink-soft">
          {outlook.data !== undefined && days !== 'wrong' && goneWords(outlook.data, changed, days)}
        </p>
      </Section>
      <SaveLine saving={save} changed={changed && days !== 'wrong'} />
      {guard}
    </form>
  );
}

function readDays(text: string): number | 'none' | 'wrong' {
  if (text.trim() === '') return 'none';
  const days = Number(text);
  return Number.isInteger(days) && days > 0 ? days : 'wrong';
}

function operatorWords({ days_of_operator: days }: Retention): string {
  return `Empty: as the operator set it, ${days === 0 ? 'for ever' : count(days, 'day')}.`;
}

function goneWords(outlook: Retention, changed: boolean, days: number | 'none'): string {
  const { executions, turns, days_of_operator } = outlook;
  if (days === 'none' && days_of_operator === 0) return 'Everything is kept.';
  if (executions === 0 && turns === 0) return 'Nothing that is kept now is older.';
  const what = `${count(executions, 'run')} and ${count(turns, 'question')}`;
  return changed
    ? `Saving this forgets ${what}, for good.`
    : `${what} are older and will be gone within the hour.`;
}
