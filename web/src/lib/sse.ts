/** Server-sent events as text comes in: feed chunks, get whole messages. */
export interface SseMessage {
  id: string | null;
  event: string;
  data: string;
}

export interface SseParser {
  feed(chunk: string): SseMessage[];
}

export function createSseParser(): SseParser {
  let rest = '';
  let id: string | null = null;
  let event = '';
  let data: string[] = [];

  const takeLine = (line: string): SseMessage | null => {
    if (line === '') return dispatch();
    if (line.startsWith(':')) return null;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') id = value;
    else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    return null;
  };

  const dispatch = (): SseMessage | null => {
    const message = data.length > 0 ? { id, event: event || 'message', data: data.join('\n') } : null;
    event = '';
    data = [];
    return message;
  };

  return {
    feed(chunk) {
      const text = rest + chunk;
      // A trailing CR may be half of a CRLF: it waits for the next chunk.
      const end = text.endsWith('\r') ? text.length - 1 : text.length;
      const lines = text.slice(0, end).split(/\r\n|\n|\r/);
      rest = (lines.pop() ?? '') + text.slice(end);
      return lines.map(takeLine).filter((message) => message !== null);
    },
  };
}
