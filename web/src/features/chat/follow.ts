/** Follows a turn's event stream to its end, over any number of lost lines. Knows no React and no clock of its own. */
import { ApiError } from '../../api/error';
import { parseTurnEvent } from '../../api/turns';
import type { TurnEvent } from '../../api/events';
import { createSseParser } from '../../lib/sse';

const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 8_000;
/** A line silent for so long is taken for dead; the server sends a comment more often than this. */
const SILENCE_MS_MAX = 45_000;

export type Line = 'open' | 'lost';

export interface Follow {
  /** Opens the stream after the event of that number. */
  open: (after: number, signal: AbortSignal) => Promise<Response>;
  after: number;
  signal: AbortSignal;
  onEvent: (event: TurnEvent) => void;
  onLine: (line: Line) => void;
  /** Resolves after so many ms, or sooner when trying again makes sense (the network came back). */
  pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Resolves when the turn ended or `signal` was aborted. Throws `ApiError` when the server refuses the stream in a way
 * that asking again won't change.
 */
export async function followTurn(follow: Follow): Promise<void> {
  const state: Progress = { seen: follow.after, ended: false };
  let failures = 0;
  while (!follow.signal.aborted) {
    const before = state.seen;
    try {
      await readOnce(follow, state);
    } catch (error) {
      if (isAborted(follow.signal)) return;
      if (isHopeless(error)) throw error;
    }
    if (state.ended || isAborted(follow.signal)) return;
    failures = state.seen > before ? 1 : failures + 1;
    follow.onLine('lost');
    await follow.pause(retryDelay(failures), follow.signal);
  }
}

/** 0.5 s, 1 s, 2 s … 8 s. */
export function retryDelay(failures: number): number {
  return Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** (failures - 1));
}

interface Progress {
  seen: number;
  ended: boolean;
}

async function readOnce(follow: Follow, state: Progress): Promise<void> {
  const silence = new AbortController();
  const signal = AbortSignal.any([follow.signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
  try {
    const response = await follow.open(state.seen, signal);
    follow.onLine('open');
    const parser = createSseParser();
    for await (const chunk of textOf(response, signal)) {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
      for (const message of parser.feed(chunk)) take(message.data, follow, state);
      if (state.ended) return;
    }
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

function take(data: string, follow: Follow, state: Progress): void {
  const event = parseTurnEvent(data);
  if (event === null || event.seq <= state.seen) return;
  state.seen = event.seq;
  state.ended ||= event.type === 'turn_finished';
  follow.onEvent(event);
}

async function* textOf(response: Response, signal: AbortSignal): AsyncGenerator<string> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', stop);
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stop();
  }
}

/** A refusal that is about the request (not found, not allowed), not about the moment. */
function isHopeless(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}

// A function, since the compiler otherwise believes that the flag can't change during an await.
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Waits in a browser: ends early when the network comes back or the reader returns to the page. */
export function pauseInBrowser(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    addEventListener('online', end);
    signal.addEventListener('abort', end);
  });
}
