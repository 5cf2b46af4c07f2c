import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { SquarePen, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { groupByDay } from './byDay';
import { conversationKeys, conversationListQuery } from './queries';
import { deleteConversation } from '../../api/conversations';
import { messageOf } from '../../api/error';
import type { Conversation } from '../../api/types';
import { Button, IconButton } from '../../components/Button';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { Skeleton } from '../../components/Skeleton';
import { classes } from '../../lib/classes';

interface ConversationListProps {
  guru: string;
  current: string | null;
  /** Told after the conversation on show was deleted. */
  onDeletedCurrent: () => void;
}

/** The asker's own conversations with this guru, by day. */
export function ConversationList({ guru, current, onDeletedCurrent }: ConversationListProps) {
  const list = useInfiniteQuery(conversationListQuery(guru));
  const [doomed, setDoomed] = useState<Conversation | null>(null);
  const days = groupByDay(list.data?.pages.flatMap((page) => page.items) ?? [], new Date());
  return (
    <nav aria-label="Conversations" className="flex min-h-0 flex-1 flex-col">
      <div className="px-3 pb-3">
        <Link
          to="/g/$guru/chat/{-$conversation}"
          params={{ guru, conversation: undefined }}
          className="flex h-10 items-center justify-center gap-2 rounded-lg border border-line bg-surface text-sm font-medium transition-colors hover:bg-hover"
        >
          <SquarePen aria-hidden className="size-4" />
          New question
        </Link>
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-3 pb-4">
        {list.isPending && <ListSkeleton />}
        {list.isError && days.length === 0 && (
          <div className="grid gap-2 px-2 text-sm text-ink-soft">
            <p role="alert">{messageOf(list.error)}</p>
            <Button onClick={() => void list.refetch()}>Try again</Button>
          </div>
        )}
        {list.isSuccess && days.length === 0 && (
          <p className="px-2 pt-2 text-sm text-ink-soft">Your conversations will stand here.</p>
        )}
        {days.map((day) => (
          <section key={day.label} aria-label={day.label} className="mb-4">
            <h2 className="px-2 pb-1 text-xs font-medium text-ink-faint">{day.label}</h2>
            <ul>
              {day.conversations.map((conversation) => (
                <Item
                  key={conversation.id}
                  guru={guru}
                  conversation={conversation}
                  current={conversation.id === current}
                  onDelete={() => setDoomed(conversation)}
                />
              ))}
            </ul>
          </section>
        ))}
        {list.hasNextPage && (
          <Button
            look="quiet"
            className="w-full"
            busy={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Show older
          </Button>
        )}
      </div>
      <DeleteDialog
        guru={guru}
        conversation={doomed}
        onClose={() => setDoomed(null)}
        onDeleted={(id) => {
          if (id === current) onDeletedCurrent();
        }}
      />
    </nav>
  );
}

interface ItemProps {
  guru: string;
  conversation: Conversation;
  current: boolean;
  onDelete: () => void;
}

function Item({ guru, conversation, current, onDelete }: ItemProps) {
  const title = titleOf(conversation);
  return (
    <li className="group relative">
      <Link
        to="/g/$guru/chat/{-$conversation}"
        params={{ guru, conversation: conversation.id }}
        aria-current={current ? 'page' : undefined}
        title={title}
        className={classes(
          'block truncate rounded-lg py-1.5 pr-9 pl-2 text-sm transition-colors pointer-coarse:py-2.5',
          current ? 'bg-hover font-medium text-ink' : 'text-ink-soft hover:bg-hover/70 hover:text-ink',
        )}
      >
        {title}
      </Link>
      <IconButton
        label={`Delete “${title}”`}
        onClick={onDelete}
        className="absolute top-1/2 right-0.5 size-7! -translate-y-1/2 opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 focus-visible:opacity-100 pointer-coarse:opacity-100"
      >
        <Trash2 className="size-3.5" />
      </IconButton>
    </li>
  );
}

/** One begun over the API has no title before its first question. */
function titleOf(conversation: Conversation): string {
  return conversation.title === '' ? 'Untitled' : conversation.title;
}

interface DeleteDialogProps {
  guru: string;
  conversation: Conversation | null;
  onClose: () => void;
  onDeleted: (id: string) => void;
}

function DeleteDialog({ guru, conversation, onClose, onDeleted }: DeleteDialogProps) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) => deleteConversation(guru, id),
    onSuccess: (_, id) => {
      queries.removeQueries({ queryKey: conversationKeys.one(guru, id) });
      void queries.invalidateQueries({ queryKey: conversationKeys.list(guru) });
      onClose();
      onDeleted(id);
    },
  });
  return (
    <ConfirmDialog
      open={conversation !== null}
      onOpenChange={(open) => {
        if (open) return;
        remove.reset();
        onClose();
      }}
      title="Delete this conversation?"
      confirm="Delete"
      busy={remove.isPending}
      error={remove.error}
      onConfirm={() => {
        if (conversation !== null) remove.mutate(conversation.id);
      }}
    >
      “{conversation && titleOf(conversation)}” and its answers go away for good. What its actions did stays
      done, and stays in the history.
    </ConfirmDialog>
  );
}

function ListSkeleton() {
  return (
    <div role="status" className="grid gap-3 px-2 pt-1">
      <span className="sr-only">Loading conversations</span>
      <Skeleton className="h-3 w-16" />
      <Skeleton className="h-4 w-11/12" />
      <Skeleton className="h-4 w-3/4" />
      <Skeleton className="h-4 w-5/6" />
    </div>
  );
}
