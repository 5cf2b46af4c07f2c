import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { ModelUseGrid } from './ModelUseGrid';
import { getModelUseByGuru, type Period } from '../../api/analytics';
import { LoadError, LoadingRows } from '../../components/Loading';
import { Section } from '../../components/Section';

interface ModelUseByGuruProps {
  days: number;
  period: Period;
}

/** What each guru of the installation spends on language models; for super admins. */
export function ModelUseByGuru({ days, period }: ModelUseByGuruProps) {
  const use = useQuery({
    queryKey: ['model-use', period],
    queryFn: () => getModelUseByGuru(period),
    placeholderData: (before) => before,
  });
  return (
    <Section title="Language models by guru" lead="All gurus of this installation, most expensive first.">
      {use.isPending && <LoadingRows what="what gurus cost" rows={2} />}
      {use.isError && use.data === undefined && (
        <LoadError error={use.error} onRetry={() => void use.refetch()} />
      )}
      {use.data?.by_guru.length === 0 && (
        <p className="text-sm text-ink-soft">No guru asked a language model in this range.</p>
      )}
      {use.data !== undefined && use.data.by_guru.length > 0 && (
        <ModelUseGrid
          head="Guru"
          rows={use.data.by_guru.toSorted((one, other) => (other.cost ?? 0) - (one.cost ?? 0))}
          name={({ key }) => (
            <Link
              to="/g/$guru/analytics"
              params={{ guru: key }}
              search={{ days }}
              className="font-medium wrap-anywhere hover:underline"
            >
              {key}
            </Link>
          )}
        />
      )}
    </Section>
  );
}
