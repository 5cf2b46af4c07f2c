import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ArrowLeft, Play, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { CaseList } from './CaseList';
import { PastRuns } from './PastRuns';
import { Failures, Figures } from './RunReport';
import { messageOf } from '../../api/error';
import { casesQuery, deleteSuite, labRunsQuery, runSuite, suitesQuery } from '../../api/lab';
import type { LabPlanner, Suite } from '../../api/types';
import { Button, IconButton } from '../../components/Button';
import { ConfirmDialog } from '../../components/ConfirmDialog';
import { EmptyState } from '../../components/EmptyState';
import { SelectField } from '../../components/Field';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Notice } from '../../components/Notice';
import { Page } from '../../components/Page';
import { MessageText } from '../../components/SecretText';
import { count } from '../../lib/time';

interface SuitePageProps {
  guru: string;
  id: string;
  /** The guru decides with a language model, so that there is a choice. */
  hasModel: boolean;
}

/** One suite: its cases, a run against a planner, and what came of it. */
export function SuitePage({ guru, id, hasModel }: SuitePageProps) {
  const list = useQuery(suitesQuery(guru));
  const suite = list.data?.find((one) => one.id === id);
  if (list.isSuccess && suite === undefined) {
    return (
      <EmptyState
        title="There is no such suite"
        actions={
          <Link to="/g/$guru/lab" params={{ guru }} className="text-accent underline underline-offset-3">
            Go to the trigger lab
          </Link>
        }
      >
        It was deleted, or belongs to another guru.
      </EmptyState>
    );
  }
  if (suite === undefined) {
    return (
      <Page title="Suite" wide back={<Back guru={guru} />}>
        {list.isError ? (
          <LoadError error={list.error} onRetry={() => void list.refetch()} />
        ) : (
          <LoadingRows what="the suite" />
        )}
      </Page>
    );
  }
  return <LoadedSuite guru={guru} suite={suite} hasModel={hasModel} />;
}

function Back({ guru }: { guru: string }) {
  return (
    <Link
      to="/g/$guru/lab"
      params={{ guru }}
      className="mb-4 inline-flex items-center gap-1.5 text-sm text-ink-soft hover:text-ink"
    >
      <ArrowLeft aria-hidden className="size-4" />
      Trigger lab
    </Link>
  );
}

function LoadedSuite({ guru, suite, hasModel }: { guru: string; suite: Suite; hasModel: boolean }) {
  const [planner, setPlanner] = useState<LabPlanner>('guru');
  const queries = useQueryClient();
  const past = useQuery(labRunsQuery(guru, suite.id));
  const cases = useQuery(casesQuery(guru, suite.id));
  const run = useMutation({
    mutationFn: () => runSuite(guru, suite.id, planner),
    onSuccess: () => queries.invalidateQueries({ queryKey: labRunsQuery(guru, suite.id).queryKey }),
  });
  const last = past.data?.[0];
  // Figures of an earlier visit stand until it is run anew; which cases were wrong is known of a fresh run alone.
  const report = run.data?.report ?? last?.report;
  const before = run.data === undefined ? (past.data?.[1]?.report ?? null) : (run.data.before ?? null);
  return (
    <Page
      title={suite.name}
      wide
      back={<Back guru={guru} />}
      lead={
        suite.action === null || suite.action === undefined
          ? 'Of the whole guru.'
          : `About the action ${suite.action}.`
      }
      actions={
        <>
          {hasModel && (
            <SelectField
              label="Planner"
              hideLabel
              value={planner}
              onChange={(event) => setPlanner(event.target.value === 'embedded' ? 'embedded' : 'guru')}
              choices={[
                { value: 'guru', label: 'With its language model' },
                { value: 'embedded', label: 'With the built-in planner' },
              ]}
            />
          )}
          <Button
            look="primary"
            busy={run.isPending}
            disabled={(cases.data?.length ?? 0) === 0}
            onClick={() => run.mutate()}
          >
            {!run.isPending && <Play aria-hidden className="size-4" />}
            {run.isPending ? `Planning ${count(cases.data?.length ?? 0, 'case')}` : 'Run it'}
          </Button>
          <DeleteSuite guru={guru} suite={suite} />
        </>
      }
    >
      {run.isError && (
        <Notice tone="bad">
          <MessageText text={messageOf(run.error)} />
        </Notice>
      )}
      {report !== undefined && (
        <Figures report={report} before={before} at={run.data === undefined ? last?.created_at : undefined} />
      )}
      {run.data !== undefined && <Failures run={run.data} />}
      <CaseList guru={guru} suite={suite.id} />
      <PastRuns runs={past.data ?? []} />
    </Page>
  );
}

function DeleteSuite({ guru, suite }: { guru: string; suite: Suite }) {
  const [asking, setAsking] = useState(false);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => deleteSuite(guru, suite.id),
    onSuccess: async () => {
      await navigate({ to: '/g/$guru/lab', params: { guru } });
      await queries.invalidateQueries({ queryKey: ['lab', guru] });
    },
  });
  return (
    <>
      <IconButton label="Delete the suite" className="size-9!" onClick={() => setAsking(true)}>
        <Trash2 className="size-4" />
      </IconButton>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Delete ${suite.name}?`}
        confirm="Delete"
        busy={end.isPending}
        error={end.error}
        onConfirm={() => end.mutate()}
      >
        Its {count(suite.cases, 'case')} and the figures of its runs go with it.
      </ConfirmDialog>
    </>
  );
}
