import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';

import { ModelFields } from './ModelFields';
import { PlannerTest } from './PlannerTest';
import { SaveLine } from './SaveLine';
import { draftOf, notNumbers, settingsOf, type PlannerDraft } from './plannerDraft';
import { changeGuru, plannerQuery } from '../../api/gurus';
import type { Guru, PlannerSettings } from '../../api/types';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Section } from '../../components/Section';
import { useUnsavedGuard } from '../../components/useUnsavedGuard';
import { classes } from '../../lib/classes';

const KINDS: { kind: PlannerDraft['kind']; title: string; words: string }[] = [
  {
    kind: 'embedded',
    title: 'Built in',
    words: 'Decides within this process, in milliseconds: no key, no network, nothing leaves the machine.',
  },
  {
    kind: 'llm',
    title: 'Language model',
    words:
      'A model that you choose proposes, and may word the answers. When it fails, the built-in planner decides.',
  },
];

/** Who decides what runs. */
export function PlannerPage({ guru }: { guru: Guru }) {
  const settings = useQuery(plannerQuery(guru.slug));
  if (settings.data === undefined) {
    return settings.isError ? (
      <LoadError error={settings.error} onRetry={() => void settings.refetch()} />
    ) : (
      <LoadingRows what="the planner's settings" rows={3} />
    );
  }
  return <PlannerForm key={guru.slug} guru={guru} saved={settings.data} />;
}

function PlannerForm({ guru, saved }: { guru: Guru; saved: PlannerSettings }) {
  const [draft, setDraft] = useState(() => draftOf(saved));
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: () => changeGuru(guru.slug, { planner: settingsOf(draft) }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['gurus'] });
      const fresh = queries.getQueryData(plannerQuery(guru.slug).queryKey);
      if (fresh !== undefined) setDraft(draftOf(fresh));
    },
  });
  const changed = JSON.stringify(draft) !== JSON.stringify(draftOf(saved));
  const guard = useUnsavedGuard(changed);
  const broken = notNumbers(draft);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!save.isPending && broken.length === 0) save.mutate();
  };
  const change = (part: Partial<PlannerDraft>) => {
    save.reset();
    setDraft({ ...draft, ...part });
  };
  return (
    <form onSubmit={submit} className="grid grid-cols-[minmax(0,1fr)] gap-8">
      <Section title="Planner" lead="For every question it decides which actions run, and with what.">
        <KindChoice kind={draft.kind} onKind={(kind) => change({ kind })} />
      </Section>
      {draft.kind === 'llm' && (
        <ModelFields guru={guru.slug} draft={draft} broken={broken} error={save.error} onChange={change} />
      )}
      {draft.kind === 'llm' && (
        <PlannerTest
          key={JSON.stringify(draft)}
          guru={guru.slug}
          draft={draft}
          disabled={broken.length > 0}
        />
      )}
      <SaveLine saving={save} changed={changed && broken.length === 0} />
      {guard}
    </form>
  );
}

interface KindChoiceProps {
  kind: PlannerDraft['kind'];
  onKind: (kind: PlannerDraft['kind']) => void;
}

function KindChoice({ kind: chosen, onKind }: KindChoiceProps) {
  return (
    <fieldset>
      <legend className="sr-only">Kind of planner</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        {KINDS.map(({ kind, title, words }) => (
          <label
            key={kind}
            htmlFor={`planner-${kind}`}
            className={classes(
              'flex cursor-pointer gap-3 rounded-xl border p-4 transition-colors',
              chosen === kind ? 'border-accent bg-accent-soft' : 'border-line bg-surface hover:bg-hover',
            )}
          >
            <input
              id={`planner-${kind}`}
              aria-label={`${title}: ${words}`}
              type="radio"
              name="planner-kind"
              checked={chosen === kind}
              onChange={() => onKind(kind)}
              className="mt-1 accent-accent"
            />
            <span>
              <span className="block text-sm font-medium">{title}</span>
              <span className="block text-[0.8125rem] text-ink-soft">{words}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
