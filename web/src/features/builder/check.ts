/** What the server says of the definition as it stands: rules it breaks, and advice. */
import { useQuery } from '@tanstack/react-query';

import { toSend } from './draft';
import type { ActionFile } from '../../api/actionFile';
import { lintAction } from '../../api/actions';
import { ApiError } from '../../api/error';
import type { Advice, Problem } from '../../api/types';
import { useSettled } from '../../lib/debounce';

const TYPING_MS = 400;

export interface Check {
  problems: Problem[];
  advice: Advice[];
}

const NOTHING: Check = { problems: [], advice: [] };

export function useCheck(guru: string, draft: ActionFile): Check {
  const settled = useSettled(draft, TYPING_MS);
  const file = toSend(settled);
  const read = useQuery({
    queryKey: ['check', guru, JSON.stringify(file)],
    queryFn: ({ signal }) => check(guru, file, signal),
    placeholderData: (before) => before,
    retry: false,
    gcTime: 60_000,
  });
  return read.data ?? NOTHING;
}

async function check(guru: string, file: ActionFile, signal: AbortSignal): Promise<Check> {
  try {
    return { problems: [], advice: await lintAction(guru, file, signal) };
  } catch (error) {
    if (error instanceof ApiError && error.problems.length > 0)
      return { problems: error.problems, advice: [] };
    throw error;
  }
}

/** The words on what is wrong with a field; also with a part of it, where `deep`. */
export function wrongWith(problems: Problem[], field: string, deep = false): string | null {
  const found = problems.find(
    (problem) => problem.field === field || (deep && problem.field?.startsWith(`${field}[`)),
  );
  return found === undefined ? null : `${found.message} ${found.hint}`;
}
