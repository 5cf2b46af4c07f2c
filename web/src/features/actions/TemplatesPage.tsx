import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Check, Plus } from 'lucide-react';
import { useState } from 'react';

import { installTemplate } from '../../api/actions';
import { messageOf } from '../../api/error';
import { actionsQuery, renewActions, templatesQuery } from '../../api/queries';
import type { Template } from '../../api/types';
import { Answer } from '../../components/Answer';
import { Badge } from '../../components/Badge';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { KIND_WORDS } from '../../components/kinds';
import { TEXT_LINK } from '../../components/linkStyles';
import { LoadError, LoadingRows } from '../../components/Loading';
import { MissingSecrets } from '../../components/MissingSecrets';
import { Page } from '../../components/Page';
import { MessageText } from '../../components/SecretText';

/** The shipped actions, each installed with one click. */
export function TemplatesPage({ guru }: { guru: string }) {
  const templates = useQuery(templatesQuery);
  const installed = useQuery(actionsQuery(guru)).data?.items.map(({ name }) => name) ?? [];
  return (
    <Page
      title="Templates"
      wide
      lead="Actions that work, to start from. Each is installed disabled: set its secrets, test it, enable it."
    >
      {templates.isPending && <LoadingRows what="templates" />}
      {templates.isError && <LoadError error={templates.error} onRetry={() => void templates.refetch()} />}
      <ul className="grid gap-4 sm:grid-cols-2 xl:grid-cols-3">
        {templates.data?.map((template) => (
          <TemplateCard
            key={template.name}
            guru={guru}
            template={template}
            installed={installed.includes(template.definition.name)}
          />
        ))}
      </ul>
    </Page>
  );
}

interface TemplateCardProps {
  guru: string;
  template: Template;
  installed: boolean;
}

function TemplateCard({ guru, template, installed }: TemplateCardProps) {
  const [reading, setReading] = useState(false);
  const queries = useQueryClient();
  const install = useMutation({
    mutationFn: () => installTemplate(guru, template.name),
    onSuccess: () => renewActions(queries, guru),
  });
  const { title, summary, category, secrets, definition } = template;
  return (
    <li className="flex flex-col rounded-xl border border-line bg-surface p-5" data-template={template.name}>
      <div className="flex flex-wrap gap-1.5">
        <Badge tone="accent">{category}</Badge>
        <Badge>{KIND_WORDS[definition.run.type]}</Badge>
      </div>
      <h2 className="mt-3 font-semibold">{title}</h2>
      <p className="mt-1 text-sm text-ink-soft">{summary}</p>
      {secrets.length > 0 && (
        <p className="mt-3 text-[0.8125rem] text-ink-soft">
          Needs <span className="font-mono wrap-anywhere">{secrets.join(', ')}</span>
        </p>
      )}
      {install.isError && (
        <p role="alert" className="mt-3 text-sm text-bad">
          <MessageText text={messageOf(install.error)} />
        </p>
      )}
      {install.data !== undefined && (
        <div className="mt-3">
          <MissingSecrets guru={guru} names={install.data.missing_secrets} />
        </div>
      )}
      <div className="mt-auto flex items-center gap-2 pt-5">
        {installed ? (
          <Link
            to="/g/$guru/action/{-$name}"
            params={{ guru, name: definition.name }}
            className={`inline-flex h-9 items-center gap-1.5 text-sm ${TEXT_LINK}`}
          >
            <Check aria-hidden className="size-4" />
            Installed: open it
          </Link>
        ) : (
          <Button busy={install.isPending} onClick={() => install.mutate()}>
            {!install.isPending && <Plus aria-hidden className="size-4" />}
            Install
          </Button>
        )}
        <Button look="quiet" className="ml-auto" onClick={() => setReading(true)}>
          About<span className="sr-only"> {title}</span>
        </Button>
      </div>
      <Dialog open={reading} onOpenChange={setReading} title={title} wide>
        <Answer text={withoutTitle(template.readme)} />
      </Dialog>
    </li>
  );
}

/** The dialog has the title already. */
function withoutTitle(readme: string): string {
  return readme.replace(/^# .*\n+/, '');
}
