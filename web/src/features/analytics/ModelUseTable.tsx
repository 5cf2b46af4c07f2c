import { useState } from 'react';

import { ModelCallsDialog } from './ModelCallsDialog';
import { formatCost } from './cost';
import { tableAddress, type Period } from '../../api/analytics';
import type { Analytics, ModelUse } from '../../api/types';
import { Section } from '../../components/Section';
import { TEXT_LINK } from '../../components/linkStyles';

interface ModelUseTableProps {
  guru: string;
  models: Analytics['models'];
  period: Period;
}

/** What language models were asked for, what it took and what it cost; each line leads to its calls. */
export function ModelUseTable({ guru, models, period }: ModelUseTableProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const { totals, by_model: rows } = models;
  return (
    <Section
      title="Language models"
      lead={
        totals.unpriced > 0
          ? 'Calls without a price are left out of the cost. Prices stand in the planner’s settings and in the server’s `prices`.'
          : undefined
      }
      aside={
        <span className="flex gap-3 text-sm">
          <a href={tableAddress(guru, 'model', period)} download="models.csv" className={TEXT_LINK}>
            CSV<span className="sr-only"> by model</span>
          </a>
          <a
            href={tableAddress(guru, 'model_day', period)}
            download="models-by-day.csv"
            className={TEXT_LINK}
          >
            CSV by day
          </a>
        </span>
      }
    >
      {rows.length === 0 && (
        <p className="text-sm text-ink-soft">No language model was asked in this range.</p>
      )}
      {rows.length > 0 && (
        <div className="overflow-x-auto rounded-xl border border-line bg-surface">
          <table className="w-full text-left text-sm tabular-nums">
            <thead className="text-[0.8125rem] text-ink-soft">
              <tr className="border-b border-line">
                <th scope="col" className="px-4 py-2.5 font-medium">
                  Model
                </th>
                {['Calls', 'Failed', 'Tokens in', 'Tokens out', 'Cost'].map((name) => (
                  <th key={name} scope="col" className="px-4 py-2.5 text-right font-medium">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {rows.map((row) => (
                <tr key={row.key}>
                  <td className="px-4 py-2.5">
                    <button
                      type="button"
                      onClick={() => setChosen(row.key)}
                      className="text-left font-mono text-[0.8125rem] font-medium wrap-anywhere hover:underline"
                    >
                      {row.key}
                      <span className="sr-only">: show its calls</span>
                    </button>
                  </td>
                  <Figures use={row} />
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr className="border-t border-line font-medium">
                <th scope="row" className="px-4 py-2.5 text-left font-medium">
                  All
                </th>
                <Figures use={totals} />
              </tr>
            </tfoot>
          </table>
        </div>
      )}
      <ModelCallsDialog guru={guru} model={chosen} period={period} onClose={() => setChosen(null)} />
    </Section>
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
