/** The builder's state: what is being written, what is saved, and the way from one to the other. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { useCheck, type Check } from './check';
import { toSend } from './draft';
import type { ActionFile } from '../../api/actionFile';
import { changeAction, createAction } from '../../api/actions';
import { ApiError } from '../../api/error';
import { actionQuery, renewActions } from '../../api/queries';
import type { Action, Problem } from '../../api/types';

export interface Builder {
  guru: string;
  draft: ActionFile;
  /** As the server has it; null before the first save. */
  saved: Action | null;
  unsaved: boolean;
  /** Rules the draft breaks; of an empty field only once a save was tried. */
  problems: Problem[];
  advice: Check['advice'];
  change: (part: Partial<ActionFile>) => void;
  changeRun: (part: object) => void;
  replace: (file: ActionFile) => void;
  save: () => Promise<Action | null>;
  saving: boolean;
  /** Why the last save was refused, when no field can say it. */
  refusal: unknown;
  /** Takes over what the server has now (enabled, tested, restored). */
  take: (action: Action) => void;
}

export interface BuilderStart {
  guru: string;
  start: ActionFile;
  saved: Action | null;
  /** Told once a new action, or one with a new name, is saved. */
  onNamed: (name: string) => void;
}

export function useBuilder({ guru, start, saved: first, onNamed }: BuilderStart): Builder {
  const [draft, setDraft] = useState(start);
  const [saved, setSaved] = useState(first);
  const [baseline, setBaseline] = useState(() => JSON.stringify(toSend(start)));
  const [tried, setTried] = useState(false);
  const queries = useQueryClient();
  const check = useCheck(guru, draft);
  const saving = useMutation({
    mutationFn: (file: ActionFile) => store(guru, saved, file),
    onSuccess: (action) => {
      // Before the address takes the name: the page must find it there.
      queries.setQueryData(actionQuery(guru, action.name).queryKey, action);
      take(action);
      setTried(false);
      void renewActions(queries, guru);
      if (action.name !== saved?.name) onNamed(action.name);
    },
    onError: () => setTried(true),
  });

  const take = (action: Action) => {
    setSaved(action);
    setDraft(action.definition);
    setBaseline(JSON.stringify(toSend(action.definition)));
  };
  const replace = (file: ActionFile) => {
    saving.reset();
    setDraft(file);
  };
  const change = (part: Partial<ActionFile>) => replace({ ...draft, ...part });
  const ofSave = saving.error instanceof ApiError ? saving.error.problems : [];
  const known = [...check.problems, ...ofSave.filter((one) => !check.problems.some(same(one)))];
  return {
    guru,
    draft,
    saved,
    unsaved: JSON.stringify(toSend(draft)) !== baseline,
    problems: known.filter((problem) => tried || !isOfEmpty(problem, draft)),
    advice: check.advice,
    change,
    changeRun: (part) => change({ run: { ...draft.run, ...part } }),
    replace,
    save: () => saving.mutateAsync(toSend(draft)).catch(() => null),
    saving: saving.isPending,
    refusal: saving.error,
    take,
  };
}

/** Names that are no secret yet are refused with a fix beside the field, and not taken for secrets to come. */
function store(guru: string, saved: Action | null, file: ActionFile): Promise<Action> {
  return saved === null ? createAction(guru, file) : changeAction(guru, saved.name, file);
}

/** A box that nobody has filled in yet is no mistake. */
function isOfEmpty({ code, field }: Problem, { run }: ActionFile): boolean {
  return code === 'empty' || (field === 'run.url' && run.type === 'api_call' && run.url === '');
}

function same(one: Problem): (other: Problem) => boolean {
  return (other) => other.field === one.field && other.code === one.code;
}
