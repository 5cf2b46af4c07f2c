import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useReducer, useState } from 'react';

import { ApiError, messageOf } from '../../api/error';
import { openTurnEvents } from '../../api/turns';
import type { TurnEvent } from '../../api/events';
import type { Turn } from '../../api/types';
import { followTurn, pauseInBrowser, type Line } from './follow';
import { conversationKeys } from './queries';
import { applyEvent, emptyView, viewOfTurn, type TurnView } from './turnView';

export interface LiveTurn {
  view: TurnView;
  line: Line;
  /** Why the stream can't be read; null while it can. */
  broken: string | null;
}

/** A turn as it goes on: from its events while it runs, from what is stored when it had ended before. */
export function useTurn(guru: string, turn: Turn): LiveTurn {
  const [wasRunning] = useState(turn.status === 'running');
  const [view, apply] = useReducer(applyEvent, turn, viewOfTurn);
  const [line, setLine] = useState<Line>('open');
  const [broken, setBroken] = useState<string | null>(null);
  const queries = useQueryClient();

  useEffect(() => {
    if (!wasRunning) return;
    const abort = new AbortController();
    followTurn({
      open: (after, signal) => openTurnEvents({ guru, turn: turn.id, after, signal }),
      after: 0,
      signal: abort.signal,
      onEvent: apply,
      onLine: setLine,
      pause: pauseInBrowser,
    }).then(
      () => {
        if (abort.signal.aborted) return;
        setLine('open');
        void queries.invalidateQueries({ queryKey: conversationKeys.of(guru) });
      },
      (error: unknown) => setBroken(messageOf(error)),
    );
    return () => abort.abort();
  }, [guru, turn.id, wasRunning, queries]);

  return { view, line, broken };
}

/**
 * A finished turn with all that its events tell (exchanges, stderr, why it failed), read once somebody wants it; the
 * plain view until then.
 */
export function useDetailedView(guru: string, view: TurnView, wanted: boolean): TurnView {
  const missing = !view.detailed && wanted;
  const replay = useQuery({
    queryKey: conversationKeys.replay(guru, view.id),
    queryFn: ({ signal }) => replayTurn(guru, view, signal),
    enabled: missing,
    staleTime: Infinity,
    retry: false,
  });
  return replay.data ?? view;
}

async function replayTurn(guru: string, view: TurnView, signal: AbortSignal): Promise<TurnView> {
  const events: TurnEvent[] = [];
  await followTurn({
    open: (after, inner) => openTurnEvents({ guru, turn: view.id, after, signal: inner }),
    after: 0,
    signal,
    onEvent: (event) => events.push(event),
    onLine: () => undefined,
    // What is stored is there or not: no second try.
    pause: () => Promise.reject(new ApiError("The turn's record can't be read now.", 0)),
  });
  const created_at = new Date(view.startedAt).toISOString();
  const replayed = events.reduce(applyEvent, emptyView({ id: view.id, question: view.question, created_at }));
  return replayed.status === 'running' ? view : replayed;
}
