import { Button } from '../components/Button';
import { EmptyState } from '../components/EmptyState';

/** An address with a guru that the reader can't see. */
export function UnknownGuru({ slug, onStart }: { slug: string; onStart: () => void }) {
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
