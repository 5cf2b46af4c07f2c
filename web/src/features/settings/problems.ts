import { ApiError } from '../../api/error';

/** What a refused save says of one field: `planner.model`, or `example_questions` for any of its lines. */
export function problemWords(error: unknown, field: string): string | null {
  if (!(error instanceof ApiError)) return null;
  const found = error.problems.find(
    (problem) => problem.field === field || problem.field?.startsWith(`${field}[`) === true,
  );
  return found === undefined ? null : `${found.message} ${found.hint}`;
}
