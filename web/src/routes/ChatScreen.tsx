import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';

import { LAST_GURU } from './app';
import { UnknownGuru } from './UnknownGuru';
import { gurusQuery } from './session';
import { ConversationList } from '../features/chat/ConversationList';
import { Thread } from '../features/chat/Thread';
import { Shell } from '../features/shell/Shell';
import { writeStored } from '../lib/storage';

const route = getRouteApi('/app/g/$guru/chat/{-$conversation}');

/** The chat in its frame: the one place where both features meet. */
export function ChatScreen() {
  const { guru: slug, conversation = null } = route.useParams();
  const { me, gurus: loaded } = route.useRouteContext();
  const gurus = useQuery(gurusQuery).data ?? loaded;
  const guru = gurus.find((one) => one.slug === slug);
  const navigate = useNavigate();
  useEffect(() => {
    if (guru !== undefined) writeStored('local', LAST_GURU, guru.slug);
  }, [guru]);
  if (guru === undefined) return <UnknownGuru slug={slug} onStart={() => void navigate({ to: '/' })} />;

  const open = (id: string | undefined) =>
    navigate({ to: '/g/$guru/chat/{-$conversation}', params: { guru: slug, conversation: id } });
  return (
    <Shell
      me={me}
      gurus={gurus}
      guru={guru}
      panel={
        <ConversationList guru={slug} current={conversation} onDeletedCurrent={() => void open(undefined)} />
      }
    >
      <Thread
        key={slug}
        guru={guru}
        conversation={conversation}
        onConversation={open}
        onNew={() => void open(undefined)}
      />
    </Shell>
  );
}
