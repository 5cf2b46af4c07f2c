import { useState } from 'react';

import { ModelCallsDialog } from './ModelCallsDialog';
import { ModelUseGrid } from './ModelUseGrid';
import { tableAddress, type Period } from '../../api/analytics';
import type { Analytics } from '../../api/types';
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
        <ModelUseGrid
          head="Model"
          rows={rows}
          totals={totals}
          name={({ key }) => (
            <button
              type="button"
              onClick={() => setChosen(key)}
              className="text-left font-mono text-[0.8125rem] font-medium wrap-anywhere hover:underline"
            >
              {key}
              <span className="sr-only">: show its calls</span>
            </button>
          )}
        />
      )}
      <ModelCallsDialog guru={guru} model={chosen} period={period} onClose={() => setChosen(null)} />
    </Section>
  );
}
