import { Lightbulb } from 'lucide-react';

import type { Advice } from '../../api/types';
import { MessageText } from '../../components/SecretText';

/** What could be better about a field, and how. */
export function Hints({ advice, field }: { advice: Advice[]; field: string }) {
  const found = advice.filter((one) => one.field === field);
  if (found.length === 0) return null;
  return (
    <ul className="grid gap-1.5" aria-label="Advice">
      {found.map((one) => (
        <li key={one.code + one.message} className="flex gap-2 text-warn" data-advice={one.code}>
          <Lightbulb aria-hidden className="mt-0.5 size-3.5 shrink-0" />
          <span className="wrap-anywhere">
            <MessageText text={one.message} />{' '}
            <span className="text-ink-soft">
              <MessageText text={one.proposal} />
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}
