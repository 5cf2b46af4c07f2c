import { Plus, X } from 'lucide-react';

import { Hints } from './Hints';
import { wrongWith } from './check';
import type { Builder } from './useBuilder';
import { Button, IconButton } from '../../components/Button';
import { InputField } from '../../components/Field';

/** Questions that should fire the action; the planner learns from them. */
export function ExamplesField({ builder }: { builder: Builder }) {
  const { draft, problems, advice, change } = builder;
  const examples = draft.examples ?? [];
  const set = (index: number, text: string) =>
    change({ examples: examples.map((old, at) => (at === index ? text : old)) });
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-sm font-medium">Example questions</legend>
      {examples.map((example, index) => (
        <div key={index} className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-1.5">
          <InputField
            label={`Example ${index + 1}`}
            hideLabel
            value={example}
            onChange={(event) => set(index, event.target.value)}
            error={wrongWith(problems, `examples[${index}]`)}
            placeholder="Where is my refund for order 12345?"
          />
          <IconButton
            label={`Remove example ${index + 1}`}
            className="mt-1"
            onClick={() => change({ examples: examples.filter((_, at) => at !== index) })}
          >
            <X className="size-4" />
          </IconButton>
          <Hints advice={advice} field={`examples[${index}]`} />
        </div>
      ))}
      <div className="text-[0.8125rem]">
        <Hints advice={advice} field="examples" />
      </div>
      <Button className="justify-self-start" onClick={() => change({ examples: [...examples, ''] })}>
        <Plus aria-hidden className="size-4" />
        Add an example
      </Button>
    </fieldset>
  );
}
