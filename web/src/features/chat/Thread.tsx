import { useQuery } from '@tanstack/react-query';
import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';

import { Composer } from './Composer';
import { EmptyChat } from './EmptyChat';
import { ShareButton } from './ShareDialog';
import { QuestionText, TurnItem } from './TurnItem';
import { TurnProgress } from './TurnProgress';
import { ThreadError, ThreadSkeleton } from './ThreadStates';
import { useAsk, useCancel } from './ask';
import { conversationQuery } from './queries';
import { useDraft } from './useDraft';
import { useStickToEnd } from './useStickToEnd';
import { messageOf } from '../../api/error';
import type { Guru } from '../../api/types';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { useDocumentTitle } from '../../lib/hooks';

interface ThreadProps {
  guru: Guru;
  /** Null for one not begun. */
  conversation: string | null;
  onConversation: (id: string) => Promise<void>;
  onNew: () => void;
}

const NO_TURNS: never[] = [];

/** A conversation: its turns and the box for the next question. */
export function Thread({ guru, conversation, onConversation, onNew }: ThreadProps) {
  const stored = useQuery({
    ...conversationQuery(guru.slug, conversation ?? ''),
    enabled: conversation !== null,
  });
  const turns = conversation === null ? NO_TURNS : (stored.data?.turns ?? NO_TURNS);
  const [draft, setDraft] = useDraft(guru.slug, conversation);
  const { running, onRunning } = useRunningTurn();
  const ask = useAsk(guru.slug, async (id) => {
    // Somebody who went elsewhere meanwhile stays there.
    if (conversation === null) await onConversation(id);
  });
  const asking = ask.isPending && ask.variables.conversation === conversation;
  const refused = ask.isError && ask.variables.conversation === conversation ? ask.error : null;
  const cancel = useCancel(guru.slug);
  const { scroller, content, atEnd, toEnd } = useStickToEnd(running !== null || asking);
  const loaded = stored.data !== undefined;
  // A conversation begun over the API has no title before its first question.
  const title = [stored.data?.title, turns[0]?.question].find((words) => words) ?? guru.name;
  useDocumentTitle(title);
  useEffect(() => {
    if (loaded) toEnd();
  }, [conversation, loaded, toEnd]);

  const { mutate, isPending } = ask;
  const send = useCallback(
    (text: string) => {
      if (isPending) return;
      setDraft('');
      // The words come back when they were not taken.
      mutate({ text, conversation }, { onError: () => setDraft(text) });
      requestAnimationFrame(() => toEnd());
    },
    [isPending, mutate, conversation, setDraft, toEnd],
  );
  const problem = refused ?? cancel.error;
  const empty = turns.length === 0 && !asking && (conversation === null || loaded);
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div ref={scroller} className="relative min-h-0 flex-1 overflow-y-auto [scrollbar-gutter:stable]">
        <div
          ref={content}
          className="mx-auto flex min-h-full w-full max-w-3xl flex-col px-5 pt-8 pb-6 sm:px-8"
        >
          {!empty && !stored.isError && <h1 className="sr-only">{title}</h1>}
          {conversation !== null && turns.length > 0 && (
            <div className="-mt-4 mb-2 flex justify-end">
              <ShareButton guru={guru} conversation={conversation} />
            </div>
          )}
          {empty && <EmptyChat guru={guru} onAsk={send} />}
          {conversation !== null && stored.isPending && <ThreadSkeleton />}
          {conversation !== null && stored.isError && !loaded && (
            <ThreadError error={stored.error} onRetry={() => void stored.refetch()} onNew={onNew} />
          )}
          <div className="grid gap-10 empty:hidden">
            {turns.map((turn) => (
              <TurnItem key={turn.id} guru={guru.slug} turn={turn} onRunning={onRunning} onRetry={send} />
            ))}
            {asking && <PendingTurn question={ask.variables.text} />}
          </div>
        </div>
      </div>
      <div className="relative mx-auto w-full max-w-3xl px-3 pb-4 sm:px-6">
        {!atEnd && (
          <Button
            className="absolute -top-12 left-1/2 -translate-x-1/2 rounded-full shadow-float"
            onClick={() => toEnd('smooth')}
          >
            <ArrowDown aria-hidden className="size-4" />
            Latest
          </Button>
        )}
        {problem !== null && (
          <Notice tone="bad" className="mb-2">
            {messageOf(problem)}
          </Notice>
        )}
        <Composer
          key={guru.slug}
          draft={draft}
          onDraft={setDraft}
          onSend={send}
          onStop={running === null ? null : () => cancel.mutate(running)}
          stopping={
            cancel.isPending || (running !== null && cancel.variables === running && cancel.isSuccess)
          }
          sending={asking}
          lastQuestion={turns.at(-1)?.question ?? null}
          focusKey={conversation}
          placeholder={turns.length === 0 ? `Ask ${guru.name}` : 'Ask something more'}
        />
      </div>
    </div>
  );
}

/** A question on its way to the server. */
function PendingTurn({ question }: { question: string }) {
  return (
    <article aria-busy className="grid gap-4">
      <QuestionText text={question} />
      <TurnProgress phase="planning" answering={false} line="open" />
    </article>
  );
}

/** Which turn runs now; the newest when there are several. */
function useRunningTurn() {
  const [ids, setIds] = useState<readonly string[]>([]);
  const onRunning = useCallback((turn: string, running: boolean) => {
    setIds((known) => {
      if (known.includes(turn) === running) return known;
      return running ? [...known, turn] : known.filter((id) => id !== turn);
    });
  }, []);
  return { running: ids.at(-1) ?? null, onRunning };
}
