import { useEffect, useState } from 'react';

import { SOURCES, STATUSES } from './words';
import type { ExecutionFilter } from '../../api/executions';
import { Button } from '../../components/Button';
import { InputField, SelectField } from '../../components/Field';
import { useSettled } from '../../lib/debounce';
import { fromLocalInput, toLocalInput } from '../../lib/localInput';

/** A word still being typed is not looked up. */
const TYPING_MS = 350;

interface FiltersProps {
  actions: string[];
  filter: ExecutionFilter;
  onFilter: (filter: ExecutionFilter) => void;
}

export function Filters({ actions, filter, onFilter }: FiltersProps) {
  const set = (field: keyof ExecutionFilter, value: string | undefined) => {
    const rest = Object.entries(filter).filter(([name]) => name !== field);
    onFilter(Object.fromEntries(value === undefined || value === '' ? rest : [...rest, [field, value]]));
  };
  // An action that was deleted has a history still.
  const names = [...new Set([...actions, ...(filter.action === undefined ? [] : [filter.action])])].sort();
  return (
    <div role="search" aria-label="Filters" className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
      <TextFilter text={filter.text ?? ''} onText={(text) => set('text', text)} />
      <SelectField
        label="Action"
        value={filter.action ?? ''}
        onChange={(event) => set('action', event.target.value)}
        choices={[
          { value: '', label: 'All actions' },
          ...names.map((name) => ({ value: name, label: name })),
        ]}
      />
      <SelectField
        label="Status"
        value={filter.status ?? ''}
        onChange={(event) => set('status', event.target.value)}
        choices={[{ value: '', label: 'Any status' }, ...STATUSES]}
      />
      <SelectField
        label="Source"
        value={filter.source ?? ''}
        onChange={(event) => set('source', event.target.value)}
        choices={[{ value: '', label: 'Any source' }, ...SOURCES]}
      />
      <SelectField
        label="Vote on the answer"
        value={filter.vote ?? ''}
        onChange={(event) => set('vote', event.target.value)}
        choices={[
          { value: '', label: 'Any, or none' },
          { value: 'down', label: 'Voted down' },
          { value: 'up', label: 'Voted up' },
        ]}
      />
      <InputField
        label="From"
        type="datetime-local"
        value={toLocalInput(filter.from)}
        onChange={(event) => set('from', fromLocalInput(event.target.value))}
      />
      <InputField
        label="Until"
        type="datetime-local"
        value={toLocalInput(filter.to)}
        onChange={(event) => set('to', fromLocalInput(event.target.value))}
      />
      {Object.keys(filter).length > 0 && (
        <Button look="quiet" className="justify-self-start" onClick={() => onFilter({})}>
          Clear the filters
        </Button>
      )}
    </div>
  );
}

function TextFilter({ text, onText }: { text: string; onText: (text: string) => void }) {
  const [typed, setTyped] = useState({ words: text, of: text });
  // The address changed by another way: its words stand.
  if (typed.of !== text && typed.words !== text) setTyped({ words: text, of: text });
  const settled = useSettled(typed.words, TYPING_MS);
  useEffect(() => {
    if (settled === typed.words && settled !== text) {
      onText(settled);
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only rest in typing sends words
  }, [settled]);
  return (
    <InputField
      label="Text"
      type="search"
      value={typed.words}
      placeholder="In question, arguments, output"
      onChange={(event) => setTyped({ words: event.target.value, of: text })}
    />
  );
}
