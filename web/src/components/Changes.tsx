import type { FieldChange } from '../api/types';
import { SecretText } from './SecretText';

/** Field by field, what stood there and what stands there now. */
export function Changes({ changes }: { changes: FieldChange[] }) {
  if (changes.length === 0) return <p className="text-sm text-ink-soft">Nothing differs.</p>;
  return (
    <ul className="grid gap-3">
      {changes.map(({ field, before, after }) => (
        <li key={field} className="overflow-hidden rounded-lg border border-line text-[0.8125rem]">
          <p className="border-b border-line bg-sunken px-3 py-1.5 font-mono wrap-anywhere">{field}</p>
          {before != null && <Side sign="−" words="was" value={before} tone="bg-bad-soft" />}
          {after != null && <Side sign="+" words="is" value={after} tone="bg-ok-soft" />}
        </li>
      ))}
    </ul>
  );
}

interface SideProps {
  sign: string;
  words: string;
  value: unknown;
  tone: string;
}

function Side({ sign, words, value, tone }: SideProps) {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <div className={`grid grid-cols-[1.5rem_minmax(0,1fr)] ${tone}`}>
      <span className="py-1.5 text-center text-ink-soft">
        <span aria-hidden>{sign}</span>
        <span className="sr-only">{words}</span>
      </span>
      <pre className="py-1.5 pr-3 font-mono whitespace-pre-wrap wrap-anywhere">
        <SecretText text={text} />
      </pre>
    </div>
  );
}
