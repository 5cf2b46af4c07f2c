import type { AuditEntry, FieldChange } from '../../api/types';
import { Changes } from '../../components/Changes';
import { Disclosure } from '../../components/Disclosure';
import { When } from '../../components/When';

/** One change, unfolding to what stood there before and what stands there now. */
export function EntryLine({ entry }: { entry: AuditEntry }) {
  const { seq, at, actor, origin, verb, object, hash } = entry;
  return (
    <li data-verb={verb} className="px-4 py-3">
      <p className="flex flex-wrap items-baseline gap-x-2 text-sm wrap-anywhere">
        <span className="font-medium">{actor}</span>
        <span className="font-mono text-[0.8125rem]">{verb}</span>
        <span>{object}</span>
        <span className="ml-auto text-[0.8125rem] text-ink-soft">
          <When at={at} />
        </span>
      </p>
      <Disclosure summary="Before and after">
        <div className="grid gap-3 pb-1">
          {(entry.before != null || entry.after != null) && <Changes changes={changesOf(entry)} />}
          <p className="text-[0.8125rem] text-ink-soft wrap-anywhere">
            Entry {seq}
            {origin !== '' && `, from ${origin}`}. Hash <span className="font-mono">{hash}</span>
          </p>
        </div>
      </Disclosure>
    </li>
  );
}

/** What was made or taken away as a whole is one change of its own. */
function changesOf({ before, after, changes, object }: AuditEntry): FieldChange[] {
  if (changes.length > 0 || (before == null && after == null)) return changes;
  if (before != null && after != null) return changes;
  return [{ field: object, before: before ?? null, after: after ?? null }];
}
