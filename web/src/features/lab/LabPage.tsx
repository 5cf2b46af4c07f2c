import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { FlaskConical, Plus } from 'lucide-react';
import { useState } from 'react';

import { NewSuiteDialog } from './NewSuiteDialog';
import { Overlaps } from './Overlaps';
import { percent } from './figures';
import { labRunsQuery, suitesQuery } from '../../api/lab';
import type { Suite } from '../../api/types';
import { Button } from '../../components/Button';
import { LoadError, LoadingRows, Nothing } from '../../components/Loading';
import { Page } from '../../components/Page';
import { Section } from '../../components/Section';
import { When } from '../../components/When';
import { count } from '../../lib/time';

/** The guru's suites of labelled questions, and which of its actions get in each other's way. */
export function LabPage({ guru }: { guru: string }) {
  const list = useQuery(suitesQuery(guru));
  const [adding, setAdding] = useState(false);
  const suites = list.data;
  return (
    <Page
      title="Trigger lab"
      lead="Does the right action fire, with the right arguments, and nothing else? Labelled questions are planned and counted; no action runs."
      actions={
        <Button look="primary" onClick={() => setAdding(true)}>
          <Plus aria-hidden className="size-4" />
          New suite
        </Button>
      }
    >
      <Section title="Suites">
        {list.isPending && <LoadingRows what="suites" rows={3} />}
        {list.isError && suites === undefined && (
          <LoadError error={list.error} onRetry={() => void list.refetch()} />
        )}
        {suites?.length === 0 && (
          <Nothing title="No suite yet">
            A suite is a list of questions with what each is to fire. Begin one here, or add a question from
            the history with “Add to the lab”.
          </Nothing>
        )}
        {suites !== undefined && suites.length > 0 && (
          <ul className="divide-y divide-line rounded-xl border border-line bg-surface">
            {suites.map((suite) => (
              <SuiteRow key={suite.id} guru={guru} suite={suite} />
            ))}
          </ul>
        )}
      </Section>
      <Overlaps guru={guru} />
      <NewSuiteDialog guru={guru} open={adding} onClose={() => setAdding(false)} />
    </Page>
  );
}

function SuiteRow({ guru, suite }: { guru: string; suite: Suite }) {
  const last = useQuery(labRunsQuery(guru, suite.id)).data?.[0];
  return (
    <li data-suite={suite.name} className="transition-colors hover:bg-hover/40">
      <Link
        to="/g/$guru/lab/$suite"
        params={{ guru, suite: suite.id }}
        className="flex items-start gap-3 rounded-xl px-4 py-3.5 -outline-offset-2"
      >
        <FlaskConical aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-faint" />
        <span className="min-w-0 flex-1">
          <span className="block font-medium wrap-anywhere">{suite.name}</span>
          <span className="block text-[0.8125rem] text-ink-soft">
            {count(suite.cases, 'case')} · {suite.action ?? 'the whole guru'}
          </span>
        </span>
        <span className="text-right text-[0.8125rem] text-ink-soft tabular-nums">
          {last === undefined ? (
            'not run yet'
          ) : (
            <>
              <span className="block text-sm font-medium text-ink">F1 {percent(last.report.firing.f1)}</span>
              <When at={last.created_at} />
            </>
          )}
        </span>
      </Link>
    </li>
  );
}
