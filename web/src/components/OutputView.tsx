import { useMemo, useState } from 'react';

import { Button } from './Button';
import { JsonTree, Scalar } from './JsonTree';
import { SecretText } from './SecretText';
import { classes } from '../lib/classes';
import { isRow, readOutput, tableOf, type Json, type Output, type Row } from '../lib/output';
import { count } from '../lib/time';

const ROWS_SHOWN = 20;
const LONG_TEXT_CHARS = 24;

/** What an action gave back, as what it is: a table, a tree, or text. */
export function OutputView({ text }: { text: string }) {
  const output = useMemo(() => readOutput(text), [text]);
  switch (output.kind) {
    case 'empty':
      return <p className="text-sm text-ink-soft">It gave nothing back.</p>;
    case 'text':
      return <PlainText text={output.text} />;
    case 'table':
      return <DataTable table={output} />;
    case 'json':
      return isRow(output.value) ? <Fields row={output.value} /> : <Tree value={output.value} label="Tree" />;
  }
}

/** Text as it came, in a box that scrolls by itself. */
export function PlainText({ text, label = 'Text' }: { text: string; label?: string }) {
  return (
    <pre
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling box must be reachable by keyboard
      tabIndex={0}
      aria-label={label}
      role="group"
      className="max-h-96 overflow-auto rounded-lg border border-line bg-sunken px-3.5 py-2.5 font-mono text-[0.8125rem] leading-6 whitespace-pre-wrap wrap-anywhere"
    >
      <SecretText text={text} />
    </pre>
  );
}

/** An object: its plain fields as pairs, its lists as tables, anything deeper as trees. */
function Fields({ row }: { row: Row }) {
  const entries = Object.entries(row);
  if (entries.length === 0) return <JsonTree value={row} />;
  return (
    <dl className="grid grid-cols-[minmax(0,max-content)_minmax(0,1fr)] divide-y divide-line text-sm">
      {entries.map(([name, value]) => (
        <Field key={name} name={name} value={value} />
      ))}
    </dl>
  );
}

function Field({ name, value }: { name: string; value: Json }) {
  const table = tableOf(value);
  const nested = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  return (
    <div className="col-span-2 grid grid-cols-subgrid">
      <dt
        className={classes(
          'pt-1.5 pr-6 font-mono text-[0.8125rem] leading-6 text-ink-soft wrap-anywhere',
          nested ? 'col-span-2' : 'pb-1.5',
        )}
      >
        {name}
      </dt>
      {/* What has parts of its own gets the whole width below its name. */}
      <dd className={classes('min-w-0 leading-6 wrap-anywhere', nested ? 'col-span-2 pt-1 pb-3' : 'py-1.5')}>
        {table !== null ? (
          <DataTable table={table} />
        ) : nested ? (
          <Tree value={value} label={name} />
        ) : (
          <Scalar value={value} />
        )}
      </dd>
    </div>
  );
}

/** A tree in a box that scrolls by itself. */
function Tree({ value, label }: { value: Json; label: string }) {
  return (
    <div
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling box must be reachable by keyboard
      tabIndex={0}
      role="group"
      aria-label={label}
      className="max-h-112 overflow-auto rounded-lg border border-line bg-surface px-2 py-1.5"
    >
      <JsonTree value={value} />
    </div>
  );
}

function DataTable({ table }: { table: Extract<Output, { kind: 'table' }> }) {
  const [all, setAll] = useState(false);
  const rows = all ? table.rows : table.rows.slice(0, ROWS_SHOWN);
  return (
    <div className="min-w-0">
      <div
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling box must be reachable by keyboard
        tabIndex={0}
        role="group"
        aria-label={`Table of ${count(table.rows.length, 'row')}`}
        className="max-h-112 overflow-auto rounded-lg border border-line bg-surface"
      >
        <table className="w-full text-left text-[0.8125rem] tabular-nums">
          <thead className="sticky top-0 bg-sunken text-ink-soft">
            <tr>
              {table.columns.map((column) => (
                <th key={column} scope="col" className="px-3 py-2 font-medium whitespace-nowrap">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={index} className="border-t border-line">
                {table.columns.map((column) => (
                  <td
                    key={column}
                    className={classes(
                      'max-w-80 px-3 py-2 align-top wrap-break-word',
                      isLong(row[column]) ? 'min-w-48' : 'min-w-16',
                    )}
                  >
                    <Cell value={row[column]} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!all && table.rows.length > ROWS_SHOWN && (
        <Button look="quiet" className="mt-1" onClick={() => setAll(true)}>
          Show all {count(table.rows.length, 'row')}
        </Button>
      )}
    </div>
  );
}

/** Words that would stand one below the other in a column as narrow as its heading. */
function isLong(value: Json | undefined): boolean {
  return typeof value === 'string' && value.length > LONG_TEXT_CHARS;
}

function Cell({ value }: { value: Json | undefined }) {
  if (value === undefined) return null;
  const nested = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  return nested ? <JsonTree value={value} openDepth={0} /> : <Scalar value={value} />;
}
