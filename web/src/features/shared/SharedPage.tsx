import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { ApiError, messageOf } from '../../api/error';
import { readShared } from '../../api/shares';
import type { SharedConversation, SharedTurn } from '../../api/types';
import { Answer } from '../../components/Answer';
import { Button } from '../../components/Button';
import { CopyButton } from '../../components/CopyButton';
import { EmptyState } from '../../components/EmptyState';
import { Logo } from '../../components/Logo';
import { SecretText } from '../../components/SecretText';
import { Skeleton } from '../../components/Skeleton';
import { statusWords } from '../../components/StatusIcon';
import { When } from '../../components/When';
import { TEXT_LINK } from '../../components/linkStyles';
import { useDocumentTitle } from '../../lib/hooks';
import { readableName } from '../../lib/names';

/** A conversation as its readers see it: nothing can be asked or done here. */
export function SharedPage({ token }: { token: string | null }) {
  const shared = useQuery({
    queryKey: ['shared', token],
    queryFn: () => readShared(token ?? ''),
    enabled: token !== null,
    retry: false,
    staleTime: 60_000,
  });
  useDocumentTitle(shared.data?.title ?? 'A shared conversation');
  return (
    <div className="min-h-dvh bg-paper">
      <header className="border-b border-line px-5 py-3 sm:px-8">
        <span className="flex items-center gap-2 font-semibold">
          <Logo className="size-6" />
          Errand
        </span>
      </header>
      <main className="mx-auto w-full max-w-3xl px-5 pt-8 pb-16 sm:px-8">
        {token === null && <NothingHere />}
        {token !== null && shared.isPending && (
          <div role="status" className="grid gap-4">
            <span className="sr-only">Loading the conversation</span>
            <Skeleton className="h-8 w-2/3" />
            <Skeleton className="h-4 w-full" />
            <Skeleton className="h-4 w-3/5" />
          </div>
        )}
        {shared.isError && <Refused error={shared.error} onRetry={() => void shared.refetch()} />}
        {shared.data !== undefined && <Shown shared={shared.data} />}
      </main>
    </div>
  );
}

function NothingHere() {
  return (
    <EmptyState title="This link is not whole">
      Its end is missing, which opens the conversation. Ask who sent it to copy it once more.
    </EmptyState>
  );
}

function Refused({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (error instanceof ApiError && error.status === 401)
    return (
      <EmptyState
        title="Sign in to read this"
        actions={
          <Link to="/sign-in" search={{ next: '/shared' }} className={TEXT_LINK}>
            Sign in
          </Link>
        }
      >
        This conversation is shared with people who may ask the guru.
      </EmptyState>
    );
  const ended = error instanceof ApiError && error.status === 404;
  return (
    <EmptyState
      title={ended ? 'This link shows nothing' : 'The conversation could not be loaded'}
      actions={ended ? undefined : <Button onClick={onRetry}>Try again</Button>}
    >
      <p role="alert">{messageOf(error)}</p>
    </EmptyState>
  );
}

function Shown({ shared }: { shared: SharedConversation }) {
  return (
    <>
      <p className="text-sm text-ink-soft">
        A conversation with {shared.guru_name}, shared <When at={shared.shared_at} />. The link ends on{' '}
        <time dateTime={shared.expires_at}>{new Date(shared.expires_at).toLocaleDateString()}</time>.
      </p>
      <h1 className="mt-1 text-2xl font-semibold tracking-[-0.02em] wrap-anywhere">
        <SecretText text={shared.title} />
      </h1>
      {shared.has_earlier && <p className="mt-3 text-sm text-ink-soft">What was said before is not shown.</p>}
      {shared.turns.length === 0 && <p className="mt-6 text-ink-soft">Nothing had been answered yet.</p>}
      <div className="mt-8 grid gap-10">
        {shared.turns.map((turn) => (
          <SharedTurnItem key={turn.at} turn={turn} />
        ))}
      </div>
    </>
  );
}

function SharedTurnItem({ turn }: { turn: SharedTurn }) {
  return (
    <article aria-label={`Question: ${turn.question}`} className="grid gap-4">
      <h2 className="text-lg leading-snug font-semibold whitespace-pre-wrap wrap-anywhere">
        <SecretText text={turn.question} />
      </h2>
      {turn.answer !== '' && <Answer text={turn.answer} />}
      <footer className="flex flex-wrap items-center gap-2 text-[0.8125rem] text-ink-soft">
        {turn.actions.length > 0 && (
          <ul aria-label="Actions that ran" className="flex flex-wrap gap-1.5">
            {turn.actions.map(({ name, status }, index) => (
              <li key={index} className="rounded-full border border-line px-2.5 py-0.5">
                {readableName(name)} {status !== 'succeeded' && statusWords(status).toLowerCase()}
              </li>
            ))}
          </ul>
        )}
        <span className="ml-auto inline-flex items-center gap-1">
          <When at={turn.at} />
          {turn.answer !== '' && <CopyButton text={turn.answer} label="Copy answer" />}
        </span>
      </footer>
    </article>
  );
}
