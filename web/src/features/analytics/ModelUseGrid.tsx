import type { ReactNode } from 'react';

import { formatCost } from './cost';
import type { ModelUse } from '../../api/types';

interface ModelUseGridProps {
  /** What each line is about. */
  head: string;
  rows: ModelUse[];
  totals?: ModelUse;
  name: (row: ModelUse) => ReactNode;
}

/** What language models were used for, line by line. */
export function ModelUseGrid({ head, rows, totals, name }: ModelUseGridProps) {
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-surface">
      <table className="w-full text-left text-sm tabular-nums">
        <thead className="text-[0.8125rem] text-ink-soft">
          <tr className="border-b border-line">
            <th scope="col" className="px-4 py-2.5 font-medium">
              {head}
            </th>
            {['Calls', 'Failed', 'Tokens in', 'Tokens out', 'Cost'].map((title) => (
              <th key={title} scope="col" className="px-4 py-2.5 text-right font-medium">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => (
            <tr key={row.key}>
              <td className="px-4 py-2.5">{name(row)}</td>
              <Figures use={row} />
            </tr>
          ))}
        </tbody>
        {totals !== undefined && (
          <tfoot>
            <tr className="border-t border-line font-medium">
              <th scope="row" className="px-4 py-2.5 text-left font-medium">
                All
              </th>
              <Figures use={totals} />
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

function Figures({ use }: { use: ModelUse }) {
  const cells = [
    use.calls.toLocaleString(),
    use.failures.toLocaleString(),
    use.input_tokens.toLocaleString(),
    use.output_tokens.toLocaleString(),
    formatCost(use.cost),
  ];
  return cells.map((cell, index) => (
    <td key={index} className="px-4 py-2.5 text-right">
      {cell}
    </td>
  ));
}
