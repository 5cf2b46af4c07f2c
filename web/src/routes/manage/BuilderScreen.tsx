import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';

import { useGuru } from './useGuru';
import { actionQuery, actionsQuery } from '../../api/queries';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Page } from '../../components/Page';
import { BuilderPage } from '../../features/builder/BuilderPage';
import { copyOf, emptyFile } from '../../features/builder/draft';
import { isStep } from '../../features/builder/steps';

const route = getRouteApi('/app/manage/g/$guru/action/{-$name}');

/** One sitting at the builder: a first save gives the address its name, and the page goes on as it is. */
interface Sitting {
  number: number;
  name: string | undefined;
  /** The name that its own save is about to give to the address. */
  next: string | undefined;
  /** What is edited was read anew when it began. */
  begun: boolean;
}

/** A new action (from nothing, or as a copy of another), or one that is there. */
export function BuilderScreen() {
  const { slug } = useGuru();
  const { name } = route.useParams();
  const { step, from, line } = route.useSearch();
  const navigate = route.useNavigate();
  const [sitting, setSitting] = useState<Sitting>({ number: 0, name, next: undefined, begun: false });
  if (sitting.name !== name && sitting.next === name) setSitting({ ...sitting, name, next: undefined });
  else if (sitting.name !== name && sitting.next === undefined)
    setSitting({ number: sitting.number + 1, name, next: undefined, begun: false });

  const found = useQuery({ ...actionQuery(slug, name ?? ''), enabled: name !== undefined });
  const list = useQuery({ ...actionsQuery(slug), enabled: from !== undefined });
  const read = name !== undefined ? found : list;
  const needed = name !== undefined || from !== undefined;
  const ready = sitting.begun || !needed || (read.data !== undefined && !read.isFetching);
  if (ready && !sitting.begun) setSitting({ ...sitting, begun: true });
  if (!ready) {
    return (
      <Page title={name ?? 'New action'} wide>
        {read.isError ? (
          <LoadError error={read.error} onRetry={() => void read.refetch()} />
        ) : (
          <LoadingRows what="the action" />
        )}
      </Page>
    );
  }
  const saved = name === undefined ? null : (found.data ?? null);
  const actions = list.data?.items ?? [];
  const original = actions.find((action) => action.name === from)?.definition;
  const taken = actions.map((action) => action.name);
  return (
    <BuilderPage
      key={`${slug} ${sitting.number}`}
      guru={slug}
      start={saved?.definition ?? (original === undefined ? emptyFile('api_call') : copyOf(original, taken))}
      saved={saved}
      stoppedAt={line ?? null}
      step={isStep(step) ? step : 'basics'}
      onStep={(next) => void navigate({ search: (old) => ({ ...old, step: next }), replace: true })}
      onNamed={(next) => {
        setSitting({ ...sitting, begun: true, next });
        void navigate({
          params: { guru: slug, name: next },
          search: (old) => (old.step === undefined ? {} : { step: old.step }),
          replace: true,
          ignoreBlocker: true,
        });
      }}
    />
  );
}
