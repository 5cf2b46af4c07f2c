import { ApiError, messageOf } from '../../api/error';
import { Button } from '../../components/Button';
import { EmptyState } from '../../components/EmptyState';
import { Skeleton } from '../../components/Skeleton';

export function ThreadSkeleton() {
  return (
    <div role="status" className="grid gap-4">
      <span className="sr-only">Loading the conversation</span>
      <Skeleton className="h-6 w-2/3" />
      <Skeleton className="h-12 w-full rounded-xl" />
      <Skeleton className="mt-2 h-4 w-full" />
      <Skeleton className="h-4 w-11/12" />
      <Skeleton className="h-4 w-3/5" />
    </div>
  );
}

interface ThreadErrorProps {
  error: unknown;
  onRetry: () => void;
  onNew: () => void;
}

export function ThreadError({ error, onRetry, onNew }: ThreadErrorProps) {
  const gone = error instanceof ApiError && error.status === 404;
  return (
    <EmptyState
      title={gone ? 'This conversation is not here' : 'The conversation could not be loaded'}
      actions={
        gone ? (
          <Button onClick={onNew}>Ask something new</Button>
        ) : (
          <Button onClick={onRetry}>Try again</Button>
        )
      }
    >
      {gone ? 'It was deleted, or it belongs to somebody else.' : messageOf(error)}
    </EmptyState>
  );
}
