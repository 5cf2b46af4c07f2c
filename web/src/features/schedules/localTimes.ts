/** Firings in the reader's own zone and habit, with the zone's name. */
export function localTimes(times: string[]): string[] {
  return times.map((time) =>
    new Date(time).toLocaleString(undefined, {
      weekday: 'short',
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'short',
    }),
  );
}
