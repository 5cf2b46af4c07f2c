import { useCallback, useState } from 'react';

import { readStored, writeStored } from '../../lib/storage';

/** What is typed and not yet sent, kept per conversation for this tab: a reload or an ended session loses nothing. */
export function useDraft(guru: string, conversation: string | null): [string, (draft: string) => void] {
  const key = `errand.draft.${guru}.${conversation ?? 'new'}`;
  const [state, setState] = useState(() => ({ key, draft: readStored('session', key) ?? '' }));
  const current = state.key === key ? state : { key, draft: readStored('session', key) ?? '' };
  if (current !== state) setState(current);
  const setDraft = useCallback(
    (draft: string) => {
      setState({ key, draft });
      writeStored('session', key, draft === '' ? null : draft);
    },
    [key],
  );
  return [current.draft, setDraft];
}
