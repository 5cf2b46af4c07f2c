import type { ErrorBody, Problem } from './types';

/** What the server (or the line to it) said no with. `message` is meant for people and shown as it is. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    message: string,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    readonly code?: string,
    readonly hint?: string,
    /** Each broken rule with its field, when the server names them. */
    readonly problems: Problem[] = [],
  ) {
    super(message);
  }
}

export const unreachable = () =>
  new ApiError(
    "The server can't be reached. Check your connection; nothing you typed is lost.",
    0,
    'unreachable',
  );

/** The error in a refused answer, also when a proxy in between wrote it. */
export function errorOf(response: Response, body: unknown): ApiError {
  if (isErrorBody(body)) return new ApiError(body.msg, response.status, body.code, body.hint, body.problems);
  return new ApiError(
    `The server answered with status ${response.status}. Try again; if it stays so, tell your operator.`,
    response.status,
  );
}

/** The words to show for anything thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return 'The page met a fault of its own. Load it again; if it stays so, tell your operator.';
}

function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === 'object' && body !== null && 'msg' in body && typeof body.msg === 'string';
}
