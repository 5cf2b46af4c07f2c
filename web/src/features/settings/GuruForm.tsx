import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';

import { SaveLine } from './SaveLine';
import { problemWords } from './problems';
import { changeGuru } from '../../api/gurus';
import type { Guru, GuruChange } from '../../api/types';
import { AreaField, CheckField, InputField, SelectField } from '../../components/Field';
import { Section } from '../../components/Section';
import { useUnsavedGuard } from '../../components/useUnsavedGuard';

interface Draft {
  name: string;
  instructions: string;
  examples: string;
  limit: string;
  parallel: string;
  zone: string;
  publicLinks: boolean;
}

/** What the guru is called, how it answers, and how much it may. */
export function GuruForm({ guru }: { guru: Guru }) {
  const [draft, setDraft] = useState(() => draftOf(guru));
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => changeGuru(guru.slug, changeOf(draft)),
    onSuccess: async (updated) => {
      await queries.invalidateQueries({ queryKey: ['gurus'] });
      setDraft(draftOf(updated));
    },
  });
  const changed = JSON.stringify(draft) !== JSON.stringify(draftOf(guru));
  const guard = useUnsavedGuard(changed);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  const field = (name: Exclude<keyof Draft, 'publicLinks'>) => ({
    value: draft[name],
    onChange: (event: { target: { value: string } }) => {
      save.reset();
      setDraft({ ...draft, [name]: event.target.value });
    },
  });
  const wrong = (name: string) => problemWords(save.error, name);
  return (
    <form onSubmit={submit} className="grid gap-8">
      <Section title="Guru">
        <div className="grid gap-5 sm:grid-cols-2">
          <InputField label="Name" {...field('name')} error={wrong('name')} required />
          <InputField
            label="Slug"
            value={guru.slug}
            readOnly
            hint="Part of every address; it stays as it is."
            className="font-mono text-ink-soft"
          />
        </div>
        <AreaField
          label="Instructions"
          {...field('instructions')}
          rows={6}
          error={wrong('instructions')}
          hint="How answers should be worded, for the language model that words them."
        />
        <AreaField
          label="Example questions"
          {...field('examples')}
          error={wrong('example_questions')}
          hint="One a line. They stand in an empty chat, for whoever does not know what to ask."
        />
      </Section>
      <Section title="Limits">
        <div className="grid gap-5 sm:grid-cols-3">
          <InputField
            label="Actions at most"
            inputMode="numeric"
            {...field('limit')}
            error={wrong('action_limit')}
            hint="Empty: as the operator set it."
          />
          <InputField
            label="Actions at a time"
            inputMode="numeric"
            {...field('parallel')}
            error={wrong('parallel_actions')}
            hint="How many of a turn run side by side."
          />
          <SelectField
            label="Time zone"
            {...field('zone')}
            error={wrong('time_zone')}
            hint="What “today” and “Friday” mean."
            choices={zones(draft.zone).map((zone) => ({ value: zone, label: zone }))}
          />
        </div>
      </Section>
      <Section title="Sharing">
        <CheckField
          label="Askers may share conversations with people who are not signed in"
          checked={draft.publicLinks}
          onChange={(event) => {
            save.reset();
            setDraft({ ...draft, publicLinks: event.target.checked });
          }}
        />
        <p className="text-[0.8125rem] text-ink-soft">
          Off: links work only for people who may ask this guru; public links that were made show nothing to
          others.
        </p>
      </Section>
      <SaveLine saving={save} changed={changed} />
      {guard}
    </form>
  );
}

function draftOf(guru: Guru): Draft {
  return {
    name: guru.name,
    instructions: guru.instructions,
    examples: guru.example_questions.join('\n'),
    limit: guru.action_limit == null ? '' : String(guru.action_limit),
    parallel: String(guru.parallel_actions),
    zone: guru.time_zone,
    publicLinks: guru.public_links,
  };
}

function changeOf(draft: Draft): GuruChange {
  const lines = draft.examples.split('\n').map((line) => line.trim());
  return {
    name: draft.name.trim(),
    instructions: draft.instructions,
    example_questions: lines.filter((line) => line !== ''),
    action_limit: draft.limit.trim() === '' ? null : Number(draft.limit),
    parallel_actions: Number(draft.parallel),
    time_zone: draft.zone,
    public_links: draft.publicLinks,
  };
}

function zones(current: string): string[] {
  return [...new Set(['UTC', current, ...Intl.supportedValuesOf('timeZone')])];
}
