import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useReducer, useRef, useState, type SyntheticEvent } from 'react';

import { RequestPreview } from './RequestPreview';
import { TestResult } from './TestResult';
import { applyTestEvent, EMPTY_TEST, type TestView } from './testView';
import type { Builder } from './useBuilder';
import { getAction, testAction } from '../../api/actions';
import { ApiError, messageOf } from '../../api/error';
import type { TurnEvent } from '../../api/events';
import type { Action } from '../../api/types';
import { ArgumentsForm } from '../../components/ArgumentsForm';
import { Button } from '../../components/Button';
import { Nothing } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { MessageText } from '../../components/SecretText';
import { toArguments, type Typed } from '../../lib/arguments';

type Shown = TestView | null;

/** Runs the action once with values given by hand, and shows all of it as it happens. */
export function TestStep({ builder }: { builder: Builder }) {
  const [typed, setTyped] = useState<Typed>({});
  const { run, view, stop } = useTest(builder);
  const { draft, saved, unsaved } = builder;
  const parameters = (draft.parameters ?? []).filter(({ name }) => name !== '');
  const given = toArguments(parameters, typed);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!run.isPending) run.mutate(given);
  };
  const words = saved === null || unsaved ? 'Save and test' : 'Run the test';
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-8 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      <form onSubmit={submit} className="grid content-start gap-5">
        <p className="text-sm text-ink-soft">
          The test runs this action alone, for real, as you: nothing else is triggered, and it works while the
          action is disabled.
        </p>
        <ArgumentsForm parameters={parameters} typed={typed} onTyped={setTyped} />
        <div className="flex flex-wrap gap-2">
          <Button type="submit" look="primary" busy={run.isPending}>
            {words}
          </Button>
          {run.isPending && view !== null && <Button onClick={stop}>Stop</Button>}
        </div>
        {draft.run.type === 'api_call' && <RequestPreview builder={builder} given={given} />}
      </form>
      <section aria-label="Result" className="grid grid-cols-[minmax(0,1fr)] content-start gap-4">
        {run.isError && <TestRefused error={run.error} />}
        {view !== null && (
          <TestResult
            guru={builder.guru}
            action={saved?.name ?? draft.name}
            view={view}
            running={run.isPending}
          />
        )}
        {view === null && !run.isError && (
          <Nothing title="Not run yet">Output, log, requests, hosts and times will stand here.</Nothing>
        )}
      </section>
    </div>
  );
}

function useTest(builder: Builder) {
  const [view, dispatch] = useReducer(reduceShown, null);
  const abort = useRef<AbortController | null>(null);
  const queries = useQueryClient();
  const { guru, saved, unsaved, save, take } = builder;
  useEffect(() => () => abort.current?.abort(), []);
  const run = useMutation({
    mutationFn: async (given: ReturnType<typeof toArguments>) => {
      dispatch('clear');
      const action = saved === null || unsaved ? await save() : saved;
      if (action === null) throw new ApiError('It could not be saved. Mend what is marked first.', 0);
      const stopper = new AbortController();
      abort.current = stopper;
      dispatch('begin');
      await testAction({ guru, name: action.name, given, signal: stopper.signal, onEvent: dispatch });
      return action.name;
    },
    onSettled: (name) => {
      void queries.invalidateQueries({ queryKey: ['executions', guru] });
      void queries.invalidateQueries({ queryKey: ['actions', guru] });
      if (name !== undefined) void readTested(guru, name).then(take, () => undefined);
    },
  });
  return { run, view, stop: () => abort.current?.abort() };
}

const LOOKS_MAX = 4;
const LOOK_EVERY_MS = 250;

/** The action after its test. That it counts as tested is noted right after the end is told, so one may look twice. */
async function readTested(guru: string, name: string): Promise<Action> {
  for (let look = 1; ; look += 1) {
    const action = await getAction(guru, name);
    if (action.tested_version === action.version || look === LOOKS_MAX) return action;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function reduceShown(view: Shown, message: TurnEvent | 'clear' | 'begin'): Shown {
  if (message === 'clear') return null;
  if (message === 'begin') return EMPTY_TEST;
  return applyTestEvent(view ?? EMPTY_TEST, message);
}

function TestRefused({ error }: { error: unknown }) {
  if (error instanceof DOMException && error.name === 'AbortError') {
    return (
      <Notice tone="info">
        You stopped it. What may change something elsewhere is finished all the same; the history says how it
        ended.
      </Notice>
    );
  }
  return (
    <Notice tone="bad">
      <MessageText text={messageOf(error)} />
    </Notice>
  );
}
