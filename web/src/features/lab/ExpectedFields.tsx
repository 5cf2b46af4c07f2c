import { X } from 'lucide-react';

import type { ExpectedAction, ExpectedParameter } from './caseDraft';
import { IconButton } from '../../components/Button';
import { AreaField, CheckField, SelectField } from '../../components/Field';

interface ExpectedFieldsProps {
  number: number;
  expected: ExpectedAction;
  /** Names to choose from. */
  actions: string[];
  onChange: (expected: ExpectedAction) => void;
  onRemove: () => void;
}

/** One action that is to fire, with the values that its parameters may have. */
export function ExpectedFields({ number, expected, actions, onChange, onRemove }: ExpectedFieldsProps) {
  const { action, parameters } = expected;
  // A case may name an action that is not there any more.
  const names = [...new Set([...actions, ...(action === '' ? [] : [action])])].sort();
  const set = (name: string, part: Partial<ExpectedParameter>) =>
    onChange({
      action,
      parameters: parameters.map((old) => (old.name === name ? { ...old, ...part } : old)),
    });
  return (
    <div className="grid gap-4 rounded-xl border border-line p-4">
      <div className="grid grid-cols-[minmax(0,1fr)_auto] items-end gap-2">
        <SelectField
          label={`Action ${number}`}
          value={action}
          onChange={(event) => onChange({ action: event.target.value, parameters: [] })}
          choices={[
            { value: '', label: 'Choose an action' },
            ...names.map((name) => ({ value: name, label: name })),
          ]}
          required
        />
        <IconButton label={`Remove action ${number}`} className="mb-1" onClick={onRemove}>
          <X className="size-4" />
        </IconButton>
      </div>
      {parameters.map((parameter) => (
        <div key={parameter.name} className="grid gap-1">
          <AreaField
            label={parameter.name}
            rows={1}
            value={parameter.values}
            disabled={parameter.asks}
            onChange={(event) => set(parameter.name, { values: event.target.value })}
            placeholder={parameter.asks ? '' : 'Stays empty'}
            hint="Accepted values, one a line."
            className="min-h-10! py-1.5! font-mono text-sm!"
          />
          <CheckField
            label={`It is to ask for ${parameter.name}`}
            checked={parameter.asks}
            onChange={(event) => set(parameter.name, { asks: event.target.checked })}
          />
        </div>
      ))}
    </div>
  );
}
