import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';

import { sessionsQuery } from './queries';
import { useChange } from './useChange';
import { messageOf } from '../../api/error';
import { endSession, setPassword } from '../../api/people';
import { signInMethodsQuery } from '../../api/queries';
import type { Me, Session } from '../../api/types';
import { Badge } from '../../components/Badge';
import { Button } from '../../components/Button';
import { InputField } from '../../components/Field';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Page } from '../../components/Page';
import { Section } from '../../components/Section';
import { MessageText } from '../../components/SecretText';
import { When } from '../../components/When';

const PASSWORD_CHARS_MIN = 10;

/** One's own password, and where one is signed in. */
export function AccountPage({ me }: { me: Me }) {
  const methods = useQuery(signInMethodsQuery);
  return (
    <Page title="Your account" lead={me.email ?? me.name}>
      {methods.data?.password !== false && (
        <Section title="Password">
          <PasswordForm />
        </Section>
      )}
      <Sessions />
    </Page>
  );
}

function PasswordForm() {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const save = useMutation({
    mutationFn: () => setPassword(current, next),
    onSuccess: () => {
      setCurrent('');
      setNext('');
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  return (
    <form onSubmit={submit} className="grid max-w-md gap-4">
      <InputField
        label="Present password"
        type="password"
        value={current}
        onChange={(event) => setCurrent(event.target.value)}
        autoComplete="current-password"
        hint="Empty when you have none yet."
      />
      <InputField
        label="New password"
        type="password"
        value={next}
        onChange={(event) => setNext(event.target.value)}
        autoComplete="new-password"
        minLength={PASSWORD_CHARS_MIN}
        hint={`At least ${PASSWORD_CHARS_MIN} characters.`}
        required
      />
      {save.isError && (
        <p role="alert" className="text-sm text-bad">
          <MessageText text={messageOf(save.error)} />
        </p>
      )}
      <div className="flex items-center gap-3">
        <Button type="submit" look="primary" busy={save.isPending}>
          Set the password
        </Button>
        <span role="status" className="text-sm text-ink-soft">
          {save.isSuccess ? 'Set.' : ''}
        </span>
      </div>
    </form>
  );
}

function Sessions() {
  const list = useQuery(sessionsQuery);
  const end = useChange(endSession, ['sessions'], () => undefined);
  return (
    <Section title="Where you are signed in">
      {list.isPending && <LoadingRows what="sessions" rows={2} />}
      {(list.isError || end.isError) && (
        <LoadError error={end.error ?? list.error} onRetry={() => void list.refetch()} />
      )}
      <ul className="divide-y divide-line rounded-xl border border-line bg-surface empty:hidden">
        {list.data?.map((session) => (
          <SessionRow
            key={session.id}
            session={session}
            busy={end.isPending && end.variables === session.id}
            onEnd={() => end.mutate(session.id)}
          />
        ))}
      </ul>
    </Section>
  );
}

interface SessionRowProps {
  session: Session;
  busy: boolean;
  onEnd: () => void;
}

function SessionRow({ session, busy, onEnd }: SessionRowProps) {
  return (
    <li className="flex items-center gap-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          {browserWords(session.user_agent ?? '')}
          {session.current && <Badge tone="ok">This one</Badge>}
        </p>
        <p className="text-[0.8125rem] text-ink-soft">
          seen <When at={session.last_seen_at} /> · signed in <When at={session.created_at} />
        </p>
      </div>
      {!session.current && (
        <Button busy={busy} onClick={onEnd}>
          Sign out
        </Button>
      )}
    </li>
  );
}

/** A browser as people call it; the names overlap, so the order counts. */
function browserWords(agent: string): string {
  const browser = [
    ['Edg/', 'Edge'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ].find(([mark = '']) => agent.includes(mark))?.[1];
  const system = ['Windows', 'Android', 'iPhone', 'Mac OS', 'Linux'].find((name) => agent.includes(name));
  if (browser === undefined) return agent === '' ? 'A browser' : (agent.split(' ')[0] ?? agent);
  return system === undefined ? browser : `${browser} on ${system}`;
}
