import { useQuery } from '@tanstack/react-query';

import { localTimes } from './localTimes';
import { messageOf } from '../../api/error';
import { previewSchedule } from '../../api/schedules';
import { MessageText } from '../../components/SecretText';
import { useSettled } from '../../lib/debounce';

const TYPING_MS = 300;

/** An expression in words, with its next five firings, as one types. */
export function OutlookView({ guru, cron, zone }: { guru: string; cron: string; zone: string }) {
  const settled = useSettled(cron, TYPING_MS);
  const outlook = useQuery({
    queryKey: ['outlook', guru, settled, zone],
    queryFn: () => previewSchedule(guru, settled, zone),
    enabled: settled !== '',
    placeholderData: (before) => before,
    retry: false,
  });
  return (
    <div role="status" className="min-h-40 rounded-xl bg-sunken px-4 py-3 text-sm">
      {outlook.isError && (
        <p className="text-bad">
          <MessageText text={messageOf(outlook.error)} />
        </p>
      )}
      {!outlook.isError && outlook.data !== undefined && (
        <>
          <p className="font-medium">{outlook.data.words}</p>
          <p className="mt-2 mb-1 text-[0.8125rem] text-ink-soft">The next firings, in your own time:</p>
          <ol className="text-[0.8125rem] tabular-nums">
            {localTimes(outlook.data.next).map((time) => (
              <li key={time}>{time}</li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}
