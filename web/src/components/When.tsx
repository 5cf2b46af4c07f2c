import { useNow } from '../lib/hooks';
import { formatAgo, formatMoment } from '../lib/time';

const RENEWED_EVERY_MS = 30_000;

/** A moment, as how long ago it was; whole and with its zone in the tooltip. */
export function When({ at }: { at: string }) {
  const now = useNow(true, RENEWED_EVERY_MS);
  const moment = new Date(at);
  return (
    <time dateTime={at} title={formatMoment(moment)} className="whitespace-nowrap tabular-nums">
      {formatAgo(moment, new Date(now))}
    </time>
  );
}
