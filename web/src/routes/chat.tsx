import { useQuery } from '@tanstack/react-query';
import { createRoute, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';

import { appRoute, LAST_GURU } from './app';
import { gurusQuery } from './session';
import { Button } from '../components/Button';
import { EmptyState } from '../components/EmptyState';
import { ConversationList } from '../features/chat/ConversationList';
import { conversationListQuery, conversationQuery } from '../features/chat/queries';
import { Thread } from '../features/chat/Thread';
import { Shell } from '../features/shell/Shell';
import { writeStored } from '../lib/storage';

/** `/g/support/chat` for a new conversation, `/g/support/chat/conv_…` for one that exists: one page, never remounted. */
export const chatRoute = createRoute({
  getParentRoute: () => appRoute,
  path: '/g/$guru/chat/{-$conversation}',
  loader: ({ context, params }) => {
    // Begun here, awaited by nobody: the page stands at once and shows its skeletons.
    void context.queries.prefetchInfiniteQuery(conversationListQuery(params.guru));
    if (params.conversation !== undefined) {
      void context.queries.prefetchQuery(conversationQuery(params.guru, params.conversation));
    }
  },
  component: Chat,
});

function Chat() {
  const { guru: slug, conversation = null } = chatRoute.useParams();
  const { me, gurus: loaded } = chatRoute.useRouteContext();
  const gurus = useQuery(gurusQuery).data ?? loaded;
  const guru = gurus.find((one) => one.slug === slug);
  const navigate = useNavigate();
  useEffect(() => {
    if (guru !== undefined) writeStored('local', LAST_GURU, guru.slug);
  }, [guru]);
  if (guru === undefined) return <UnknownGuru slug={slug} onStart={() => void navigate({ to: '/' })} />;

  const open = (id: string | undefined) =>
    void navigate({ to: '/g/$guru/chat/{-$conversation}', params: { guru: slug, conversation: id } });
  return (
    <Shell
      me={me}
      gurus={gurus}
      guru={guru}
      panel={<ConversationList guru={slug} current={conversation} onDeletedCurrent={() => open(undefined)} />}
    >
      <Thread
        key={slug}
        guru={guru}
        conversation={conversation}
        onConversation={(id) => {
          if (id !== conversation) open(id);
        }}
        onNew={() => open(undefined)}
      />
    </Shell>
  );
}

function UnknownGuru({ slug, onStart }: { slug: string; onStart: () => void }) {
  return (
    <main className="h-dvh">
      <EmptyState
        title={`There is no guru “${slug}”`}
        actions={<Button onClick={onStart}>Go to the start</Button>}
      >
        It was renamed or deleted, or you may not see it. Ask your operator.
      </EmptyState>
    </main>
  );
}
