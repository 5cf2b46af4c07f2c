import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';

import { createConversation } from '../../api/conversations';
import { cancelTurn, startTurn } from '../../api/turns';
import type { ConversationDetail, Turn } from '../../api/types';
import { conversationKeys } from './queries';

export interface Question {
  text: string;
  /** Null opens a new conversation. */
  conversation: string | null;
}

/**
 * Asks. `onBegun` hears of a conversation that this began; the turn stands in its cache, running, by then. The asking
 * goes on until `onBegun` is through, so that the page never stands empty between the two.
 */
export function useAsk(guru: string, onBegun: (conversation: string) => Promise<void>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ text, conversation }: Question) => {
      const id = conversation ?? (await createConversation(guru)).id;
      const started = await startTurn(guru, id, text);
      return { text, ...started };
    },
    onSuccess: async ({ text, turn_id, conversation_id }, question) => {
      addRunningTurn(queries, guru, runningTurn(turn_id, conversation_id, text));
      void queries.invalidateQueries({ queryKey: conversationKeys.list(guru) });
      if (question.conversation === null) await onBegun(conversation_id);
    },
  });
}

export function useCancel(guru: string) {
  return useMutation({ mutationFn: (turn: string) => cancelTurn(guru, turn) });
}

function addRunningTurn(queries: QueryClient, guru: string, turn: Turn): void {
  const key = conversationKeys.one(guru, turn.conversation_id);
  // A reading on its way was asked before the turn began and would take it away again.
  void queries.cancelQueries({ queryKey: key });
  queries.setQueryData<ConversationDetail>(key, (known) => {
    const base = known ?? {
      id: turn.conversation_id,
      title: turn.question,
      created_at: turn.created_at,
      updated_at: turn.created_at,
      turns: [],
    };
    return { ...base, turns: [...base.turns.filter((other) => other.id !== turn.id), turn] };
  });
}

function runningTurn(id: string, conversation_id: string, question: string): Turn {
  return {
    id,
    conversation_id,
    question,
    answer: null,
    status: 'running',
    plan: null,
    references: [],
    feedback: null,
    created_at: new Date().toISOString(),
    finished_at: null,
  };
}
