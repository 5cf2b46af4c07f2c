import { Plus, Trash2 } from 'lucide-react';

import { Hints } from './Hints';
import { emptyParameter } from './draft';
import { wrongWith } from './check';
import type { Builder } from './useBuilder';
import type { Parameter, ParameterType } from '../../api/actionFile';
import { Button, IconButton } from '../../components/Button';
import { AreaField, CheckField, InputField, SelectField } from '../../components/Field';
import { Nothing } from '../../components/Loading';

const TYPES: { value: ParameterType; label: string }[] = [
  { value: 'string', label: 'Text' },
  { value: 'number', label: 'Number' },
  { value: 'boolean', label: 'Yes or no' },
];

/** What is taken from the conversation before the action runs. */
export function ParametersStep({ builder }: { builder: Builder }) {
  const parameters = builder.draft.parameters ?? [];
  const set = (next: Parameter[]) => builder.change({ parameters: next });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <p className="max-w-2xl text-sm text-ink-soft">
        Values that are taken from the conversation. The action runs once every required one is known; until
        then the answer asks for exactly what is missing.
      </p>
      {parameters.length === 0 && (
        <Nothing title="No parameters">Many actions need none, such as “is the site down?”.</Nothing>
      )}
      <ol className="grid gap-4">
        {parameters.map((parameter, index) => (
          <ParameterCard
            key={index}
            builder={builder}
            index={index}
            parameter={parameter}
            onChange={(next) => set(parameters.map((old, at) => (at === index ? next : old)))}
            onRemove={() => set(parameters.filter((_, at) => at !== index))}
          />
        ))}
      </ol>
      <Button className="justify-self-start" onClick={() => set([...parameters, { ...emptyParameter }])}>
        <Plus aria-hidden className="size-4" />
        Add a parameter
      </Button>
    </div>
  );
}

interface ParameterCardProps {
  builder: Builder;
  index: number;
  parameter: Parameter;
  onChange: (parameter: Parameter) => void;
  onRemove: () => void;
}

function ParameterCard({ builder, index, parameter, onChange, onRemove }: ParameterCardProps) {
  const { problems, advice } = builder;
  const place = `parameters[${index}]`;
  const wrong = (field: string) => wrongWith(problems, `${place}.${field}`, true);
  const words = parameter.name === '' ? `Parameter ${index + 1}` : parameter.name;
  return (
    <li className="rounded-xl border border-line bg-surface p-5">
      <fieldset className="grid gap-4">
        <legend className="sr-only">{words}</legend>
        <div className="grid items-start gap-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)_auto]">
          <InputField
            label="Name"
            value={parameter.name}
            onChange={(event) => onChange({ ...parameter, name: event.target.value })}
            error={wrong('name')}
            placeholder="order_id"
            className="font-mono"
            autoComplete="off"
            spellCheck={false}
          />
          <SelectField
            label="Type"
            value={parameter.type}
            onChange={(event) => onChange(retyped(parameter, event.target.value as ParameterType))}
            choices={TYPES}
            error={wrong('type')}
          />
          <DefaultField parameter={parameter} onChange={onChange} error={wrong('default')} />
          <IconButton label={`Remove ${words}`} onClick={onRemove} className="sm:mt-7">
            <Trash2 className="size-4" />
          </IconButton>
        </div>
        <AreaField
          label="What to extract"
          rows={2}
          value={parameter.description}
          onChange={(event) => onChange({ ...parameter, description: event.target.value })}
          error={wrong('description')}
          placeholder="The order's ID as the user writes it, such as 12345 or ORD-55871"
          hint={
            <>
              <Hints advice={advice} field={`${place}.description`} />
              <Hints advice={advice} field={place} />
              <Hints advice={advice} field={`${place}.name`} />
            </>
          }
        />
        {parameter.type === 'string' && (
          <ValuesField parameter={parameter} onChange={onChange} error={wrong('values')} />
        )}
        <CheckField
          label="Required: the action waits until it is known"
          checked={parameter.required ?? false}
          onChange={(event) => onChange({ ...parameter, required: event.target.checked })}
        />
      </fieldset>
    </li>
  );
}

interface PartProps {
  parameter: Parameter;
  onChange: (parameter: Parameter) => void;
  error: string | null;
}

function DefaultField({ parameter, onChange, error }: PartProps) {
  const text = parameter.default == null ? '' : String(parameter.default);
  if (parameter.type === 'boolean') {
    return (
      <SelectField
        label="Default"
        value={text}
        error={error}
        onChange={(event) => {
          const value = event.target.value;
          onChange({ ...parameter, default: value === '' ? null : value === 'true' });
        }}
        choices={[
          { value: '', label: 'none' },
          { value: 'true', label: 'yes' },
          { value: 'false', label: 'no' },
        ]}
      />
    );
  }
  return (
    <InputField
      label="Default"
      value={text}
      error={error}
      placeholder="none"
      autoComplete="off"
      onChange={(event) => onChange({ ...parameter, default: readDefault(parameter, event.target.value) })}
    />
  );
}

function ValuesField({ parameter, onChange, error }: PartProps) {
  return (
    <InputField
      label="Allowed values"
      value={(parameter.values ?? []).join(', ')}
      error={error}
      placeholder="any"
      hint="Separated by commas. Leave it empty for free text."
      onChange={(event) => {
        const text = event.target.value;
        onChange({ ...parameter, values: text === '' ? [] : text.split(/,\s?/) });
      }}
      onBlur={() => {
        const values = (parameter.values ?? []).map((value) => value.trim()).filter((value) => value !== '');
        onChange({ ...parameter, values });
      }}
    />
  );
}

/** A number that is none stays as typed, and the check says so. */
function readDefault(parameter: Parameter, text: string): Parameter['default'] {
  if (text === '') return null;
  const number = Number(text);
  const whole = parameter.type === 'number' && Number.isFinite(number) && String(number) === text;
  return whole ? number : text;
}

/** What fits one type seldom fits another. */
function retyped({ name, description, required }: Parameter, type: ParameterType): Parameter {
  return { name, type, description, required: required ?? false };
}
