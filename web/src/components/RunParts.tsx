import type { HostContact, Phase } from '../api/events';
import { formatBytes, formatDuration } from '../lib/time';

/** The hosts that a run reached, or was kept from. */
export function Contacts({ contacts }: { contacts: HostContact[] }) {
  return (
    <ul className="grid gap-1 text-sm">
      {contacts.map((contact, index) => (
        <li key={index} className="flex flex-wrap gap-x-3">
          <span className="font-mono text-[0.8125rem] leading-6 wrap-anywhere">
            {contact.host}:{contact.port}
          </span>
          {contact.refused == null ? (
            <span className="text-ink-soft">
              sent {formatBytes(contact.bytes_sent)}, received {formatBytes(contact.bytes_received)}
            </span>
          ) : (
            <span className="text-bad">refused: {contact.refused}</span>
          )}
        </li>
      ))}
    </ul>
  );
}

/** Where the time went, as bars that begin where the phase began. */
export function Phases({ phases }: { phases: Phase[] }) {
  const end = Math.max(1, ...phases.map((phase) => phase.start_us + phase.duration_us));
  return (
    <ul className="grid gap-1.5 text-[0.8125rem]">
      {phases.map((phase, index) => (
        <li key={index} className="grid grid-cols-[8rem_1fr_4.5rem] items-center gap-3">
          <span className="truncate text-ink-soft">{phase.name}</span>
          <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden className="h-1.5 w-full">
            <rect width="100" height="6" className="fill-hover" />
            <rect
              x={(phase.start_us / end) * 100}
              width={Math.max(0.5, (phase.duration_us / end) * 100)}
              height="6"
              className="fill-accent"
            />
          </svg>
          <span className="text-right tabular-nums">{formatDuration(phase.duration_us / 1000)}</span>
        </li>
      ))}
    </ul>
  );
}
