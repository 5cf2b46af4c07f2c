import { InputField, SelectField } from './Field';
import type { Parameter } from '../api/actionFile';
import type { Typed } from '../lib/arguments';

interface ArgumentsFormProps {
  parameters: Parameter[];
  typed: Typed;
  onTyped: (typed: Typed) => void;
}

/** A box per parameter, by its type. */
export function ArgumentsForm({ parameters, typed, onTyped }: ArgumentsFormProps) {
  if (parameters.length === 0) return <p className="text-sm text-ink-soft">It takes no parameters.</p>;
  return (
    <div className="grid gap-4">
      {parameters.map((parameter) => (
        <ArgumentField
          key={parameter.name}
          parameter={parameter}
          value={typed[parameter.name] ?? ''}
          onValue={(value) => onTyped({ ...typed, [parameter.name]: value })}
        />
      ))}
    </div>
  );
}

interface ArgumentFieldProps {
  parameter: Parameter;
  value: string;
  onValue: (value: string) => void;
}

function ArgumentField({ parameter, value, onValue }: ArgumentFieldProps) {
  const { name, type, required = false, description, values = [] } = parameter;
  const fallback = parameter.default;
  const field = {
    label: name,
    hint: description,
    aside: <span className="text-[0.8125rem] text-ink-soft">{required ? 'required' : 'optional'}</span>,
    value,
  };
  const choices = type === 'boolean' ? ['true', 'false'] : values;
  if (choices.length > 0) {
    const none = fallback == null ? 'not given' : `not given (${String(fallback)})`;
    return (
      <SelectField
        {...field}
        onChange={(event) => onValue(event.target.value)}
        choices={[{ value: '', label: none }, ...choices.map((choice) => ({ value: choice, label: choice }))]}
      />
    );
  }
  return (
    <InputField
      {...field}
      inputMode={type === 'number' ? 'decimal' : undefined}
      placeholder={fallback == null ? undefined : String(fallback)}
      autoComplete="off"
      onChange={(event) => onValue(event.target.value)}
    />
  );
}
