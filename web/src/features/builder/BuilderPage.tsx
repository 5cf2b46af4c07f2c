import { Link } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useRef } from 'react';

import { BasicsStep } from './BasicsStep';
import { BodyStep } from './BodyStep';
import { BuilderActions } from './BuilderActions';
import { ParametersStep } from './ParametersStep';
import { StepNav } from './StepNav';
import { TestStep } from './TestStep';
import { UsageStep } from './UsageStep';
import { STEPS, stepWords, type Step } from './steps';
import { useBuilder, type Builder, type BuilderStart } from './useBuilder';
import { messageOf } from '../../api/error';
import { Badge } from '../../components/Badge';
import { Button } from '../../components/Button';
import { KIND_WORDS } from '../../components/kinds';
import { MissingSecrets } from '../../components/MissingSecrets';
import { Notice } from '../../components/Notice';
import { Page } from '../../components/Page';
import { MessageText } from '../../components/SecretText';
import { useUnsavedGuard } from '../../components/useUnsavedGuard';

interface BuilderPageProps extends BuilderStart {
  step: Step;
  onStep: (step: Step) => void;
  /** The line of the script at which a run stopped, to be shown. */
  stoppedAt: number | null;
}

/** An action from its first word to its test, in five steps that can be taken in any order. */
export function BuilderPage({ step, onStep, stoppedAt, ...start }: BuilderPageProps) {
  const builder = useBuilder(start);
  const guard = useUnsavedGuard(builder.unsaved && !builder.saving);
  const top = useRef<HTMLDivElement>(null);
  const { guru, draft, saved } = builder;
  const go = (next: Step) => {
    onStep(next);
    top.current?.scrollIntoView({ block: 'nearest' });
  };
  const next = STEPS[STEPS.indexOf(step) + 1];
  return (
    <Page
      title={saved?.name ?? (draft.name === '' ? 'New action' : draft.name)}
      wide
      back={
        <Link
          to="/g/$guru/actions"
          params={{ guru }}
          className="mb-4 inline-flex items-center gap-1.5 text-sm text-ink-soft hover:text-ink"
        >
          <ArrowLeft aria-hidden className="size-4" />
          Actions
        </Link>
      }
      lead={<State builder={builder} />}
      actions={<BuilderActions builder={builder} />}
    >
      <div ref={top} className="grid grid-cols-[minmax(0,1fr)] gap-6">
        <StepNav step={step} onStep={go} draft={draft} problems={builder.problems} />
        <Refusal builder={builder} />
        {saved !== null && <MissingSecrets guru={guru} names={saved.missing_secrets} />}
        <CurrentStep step={step} builder={builder} stoppedAt={stoppedAt} onTest={() => go('test')} />
        {next !== undefined && (
          <div className="flex">
            <Button onClick={() => go(next)}>Next: {stepWords(next, draft)}</Button>
          </div>
        )}
      </div>
      {guard}
    </Page>
  );
}

interface CurrentStepProps {
  step: Step;
  builder: Builder;
  stoppedAt: number | null;
  onTest: () => void;
}

function CurrentStep({ step, builder, stoppedAt, onTest }: CurrentStepProps) {
  switch (step) {
    case 'basics':
      return <BasicsStep builder={builder} onTest={onTest} />;
    case 'parameters':
      return <ParametersStep builder={builder} />;
    case 'body':
      return <BodyStep builder={builder} stoppedAt={stoppedAt} />;
    case 'usage':
      return <UsageStep builder={builder} />;
    case 'test':
      return <TestStep builder={builder} />;
  }
}

function State({ builder: { draft, saved, unsaved } }: { builder: Builder }) {
  return (
    <span className="mt-1 flex flex-wrap items-center gap-1.5">
      <Badge>{KIND_WORDS[draft.run.type]}</Badge>
      {saved === null ? (
        <Badge>Not saved yet</Badge>
      ) : (
        <>
          <Badge tone={saved.enabled ? 'ok' : 'plain'}>{saved.enabled ? 'Enabled' : 'Disabled'}</Badge>
          <Badge>Version {saved.version}</Badge>
          {saved.tested_version === saved.version ? (
            <Badge tone="ok">Tested</Badge>
          ) : (
            <Badge tone="warn">Not tested</Badge>
          )}
          {unsaved && <Badge tone="warn">Unsaved changes</Badge>}
        </>
      )}
    </span>
  );
}

/** Why a save was refused, in one place; each field says its own part too. */
function Refusal({ builder }: { builder: Builder }) {
  if (builder.refusal == null) return null;
  return (
    <Notice tone="bad">
      <MessageText text={messageOf(builder.refusal)} />
    </Notice>
  );
}
