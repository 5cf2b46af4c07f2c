import { ChevronRight } from 'lucide-react';
import { useState } from 'react';

import { SecretText } from './SecretText';
import { classes } from '../lib/classes';
import { isRow, type Json } from '../lib/output';
import { count } from '../lib/time';

/** Deeper levels and longer lists start folded. */
const OPEN_DEPTH = 2;
const OPEN_ITEMS_MAX = 40;
const ITEMS_SHOWN_MAX = 200;

interface JsonTreeProps {
  value: Json;
  /** How many levels stand open at first. */
  openDepth?: number;
}

/** JSON as a tree that folds. */
export function JsonTree({ value, openDepth = OPEN_DEPTH }: JsonTreeProps) {
  return (
    <div className="font-mono text-[0.8125rem] leading-6 wrap-anywhere">
      <JsonNode value={value} name={null} levelsOpen={openDepth} />
    </div>
  );
}

interface NodeProps {
  value: Json;
  name: string | null;
  levelsOpen: number;
}

function JsonNode({ value, name, levelsOpen }: NodeProps) {
  const entries = entriesOf(value);
  const [open, setOpen] = useState(levelsOpen > 0 && (entries?.length ?? 0) <= OPEN_ITEMS_MAX);
  if (entries === null || entries.length === 0) {
    return (
      <div className="pl-5">
        <Name name={name} />
        <Scalar value={value} />
      </div>
    );
  }
  const size = Array.isArray(value) ? count(entries.length, 'item') : count(entries.length, 'field');
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="inline-flex items-center gap-1 rounded text-left hover:bg-hover"
      >
        <ChevronRight
          aria-hidden
          className={classes('size-4 text-ink-faint transition-transform', open && 'rotate-90')}
        />
        <Name name={name} />
        <span className="text-ink-faint">{size}</span>
      </button>
      {open && (
        <div className="ml-2 border-l border-line pl-2">
          {entries.slice(0, ITEMS_SHOWN_MAX).map(([key, item]) => (
            <JsonNode key={key} value={item} name={key} levelsOpen={levelsOpen - 1} />
          ))}
          {entries.length > ITEMS_SHOWN_MAX && (
            <div className="pl-5 text-ink-faint">
              … and {count(entries.length - ITEMS_SHOWN_MAX, 'more', 'more')}
            </div>
          )}
        </div>
      )}
    </div>
  );
}

function Name({ name }: { name: string | null }) {
  if (name === null) return null;
  return <span className="text-accent-strong">{name}: </span>;
}

/** A plain value, with its type to be seen. */
export function Scalar({ value }: { value: Json }) {
  if (typeof value === 'string') return <SecretText text={value} />;
  if (value === null) return <span className="text-ink-faint">null</span>;
  if (typeof value === 'object')
    return <span className="text-ink-faint">{Array.isArray(value) ? '[]' : '{}'}</span>;
  return <span className="tabular-nums">{String(value)}</span>;
}

function entriesOf(value: Json): [string, Json][] | null {
  if (Array.isArray(value)) return value.map((item, index) => [String(index), item]);
  return isRow(value) ? Object.entries(value) : null;
}
