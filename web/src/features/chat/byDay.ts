import type { Conversation } from '../../api/types';
import { dayLabel } from '../../lib/time';

export interface Day {
  label: string;
  conversations: Conversation[];
}

/** Conversations under the day they were last used on; both newest first. */
export function groupByDay(conversations: Conversation[], now: Date): Day[] {
  const sorted = [...conversations].sort((a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at));
  const days: Day[] = [];
  for (const conversation of sorted) {
    const label = dayLabel(new Date(conversation.updated_at), now);
    const last = days.at(-1);
    if (last?.label === label) last.conversations.push(conversation);
    else days.push({ label, conversations: [conversation] });
  }
  return days;
}
