import type { TurnEvent } from '../../api/events';
import { SecretText } from '../../components/SecretText';

/** What was recorded, in order, as it was recorded. */
export function EventList({ events }: { events: TurnEvent[] }) {
  return (
    <ol className="divide-y divide-line rounded-lg border border-line bg-surface text-[0.8125rem]">
      {events.map((event) => {
        const { seq, at, type, ...rest } = event;
        return (
          <li
            key={seq}
            className="grid gap-x-4 gap-y-0.5 px-3.5 py-2 sm:grid-cols-[2rem_11rem_minmax(0,1fr)]"
          >
            <span className="text-ink-faint tabular-nums">{seq}</span>
            <span>
              <span className="font-mono">{type}</span>
              <time dateTime={at} className="block text-ink-soft tabular-nums">
                {new Date(at).toLocaleTimeString(undefined, { timeStyle: 'medium' })}
              </time>
            </span>
            <code className="line-clamp-4 font-mono wrap-anywhere text-ink-soft">
              <SecretText text={JSON.stringify(rest)} />
            </code>
          </li>
        );
      })}
    </ol>
  );
}
