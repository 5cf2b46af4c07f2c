import type { Arguments } from '../../api/types';
import { SecretText } from '../../components/SecretText';
import { readableWord } from '../../lib/names';

/** Arguments as small labels; long values are cut and whole in the tooltip. */
export function ArgumentChips({ given }: { given: Arguments }) {
  return Object.entries(given).map(([name, value]) => (
    <span
      key={name}
      title={`${name}: ${String(value)}`}
      className="inline-flex max-w-64 items-baseline gap-1.5 rounded-md bg-sunken px-1.5 py-0.5 text-[0.8125rem]"
    >
      <span className="shrink-0 text-ink-faint">{readableWord(name)}</span>
      <span className="truncate text-ink">
        <SecretText text={String(value)} />
      </span>
    </span>
  ));
}
