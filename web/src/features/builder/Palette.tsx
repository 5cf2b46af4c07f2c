import { Link } from '@tanstack/react-router';

import type { Offer } from './draft';
import { TEXT_LINK } from '../../components/linkStyles';

const GROUPS: { kind: Offer['kind']; title: string; none: string }[] = [
  { kind: 'parameter', title: 'Parameters', none: 'None declared yet.' },
  { kind: 'secret', title: 'Secrets', none: 'None set yet.' },
  { kind: 'built-in', title: 'Built-in variables', none: '' },
];

interface PaletteProps {
  guru: string;
  offers: Offer[];
  kind: 'api_call' | 'python';
  onPick: (offer: Offer) => void;
}

/** What may be referred to; a click puts it where one typed last. */
export function Palette({ guru, offers, kind, onPick }: PaletteProps) {
  return (
    <aside
      aria-label="Placeholders"
      className="grid content-start gap-5 self-start rounded-2xl border border-line bg-surface p-5 lg:sticky lg:top-0"
    >
      <p className="text-[0.8125rem] text-ink-soft">
        {kind === 'api_call'
          ? 'Click to insert where you typed last, or type { in a field.'
          : 'Click to insert where you typed last, or type os.environ[" in the script.'}
      </p>
      {GROUPS.map(({ kind: group, title, none }) => {
        const found = offers.filter((offer) => offer.kind === group);
        return (
          <section key={group} aria-label={title}>
            <h2 className="mb-1.5 text-xs font-medium text-ink-soft">{title}</h2>
            {found.length === 0 && <p className="text-[0.8125rem] text-ink-soft">{none}</p>}
            <ul className="flex flex-wrap gap-1.5">
              {found.map((offer) => (
                <li key={offer.name}>
                  <button
                    type="button"
                    title={offer.detail}
                    // The box keeps the focus, and with it its cursor.
                    onMouseDown={(event) => event.preventDefault()}
                    onClick={() => onPick(offer)}
                    className="max-w-full truncate rounded-md border border-line bg-paper px-2 py-1 font-mono text-xs transition-colors hover:border-accent hover:text-accent pointer-coarse:py-2"
                  >
                    {offer.name}
                  </button>
                </li>
              ))}
            </ul>
            {group === 'secret' && (
              <Link
                to="/g/$guru/secrets"
                params={{ guru }}
                target="_blank"
                className={`mt-2 inline-block text-[0.8125rem] ${TEXT_LINK}`}
              >
                Manage secrets<span className="sr-only"> in a new tab</span>
              </Link>
            )}
          </section>
        );
      })}
    </aside>
  );
}
