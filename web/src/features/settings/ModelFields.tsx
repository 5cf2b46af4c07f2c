import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';

import { PROVIDERS, type PlannerDraft } from './plannerDraft';
import { problemWords } from './problems';
import { secretsQuery } from '../../api/queries';
import { Disclosure } from '../../components/Disclosure';
import { CheckField, InputField, SelectField } from '../../components/Field';
import { TEXT_LINK } from '../../components/linkStyles';
import { Section } from '../../components/Section';

interface ModelFieldsProps {
  guru: string;
  draft: PlannerDraft;
  /** Boxes whose text is no number. */
  broken: (keyof PlannerDraft)[];
  /** Why the last save was refused. */
  error: unknown;
  onChange: (part: Partial<PlannerDraft>) => void;
}

type Box = Exclude<keyof PlannerDraft, 'kind' | 'writesAnswers'>;

/** Which model, where it is, with which key, and how it is asked. */
export function ModelFields({ guru, draft, broken, error, onChange }: ModelFieldsProps) {
  const secrets = useQuery(secretsQuery(guru)).data?.map(({ name }) => name) ?? [];
  // A secret may have been deleted since.
  const names = [...new Set([...secrets, ...(draft.secret === '' ? [] : [draft.secret])])].sort();
  const provider = PROVIDERS.find(({ value }) => value === draft.provider);
  const field = (box: Box, wire: string) => ({
    value: draft[box],
    onChange: (event: { target: { value: string } }) => onChange({ [box]: event.target.value }),
    error: broken.includes(box)
      ? 'This is not a number. Write one such as 30, or leave it empty.'
      : problemWords(error, `planner.${wire}`),
  });
  return (
    <Section title="Language model">
      <div className="grid gap-5 sm:grid-cols-2">
        <SelectField label="Provider" {...field('provider', 'provider')} choices={PROVIDERS} />
        <InputField
          label="Model"
          {...field('model', 'model')}
          placeholder="gpt-5-mini"
          hint="As the provider names it."
          autoComplete="off"
          spellCheck={false}
          className="font-mono text-sm!"
          required
        />
        <InputField
          label="Endpoint"
          type="url"
          {...field('baseUrl', 'base_url')}
          placeholder={provider?.address}
          hint="For a server of your own, such as http://127.0.0.1:11434/v1. The operator must have opened an address that is not public."
          className="font-mono text-sm!"
        />
        <SelectField
          label="API key"
          {...field('secret', 'api_key_secret')}
          choices={[
            { value: '', label: 'None: the server asks for none' },
            ...names.map((name) => ({ value: name, label: name })),
          ]}
          hint={
            <>
              One of the guru's secrets.{' '}
              <Link to="/g/$guru/secrets" params={{ guru }} className={TEXT_LINK}>
                Keep a key as a secret
              </Link>
            </>
          }
        />
        <InputField
          label="Temperature"
          inputMode="decimal"
          {...field('temperature', 'temperature')}
          placeholder="The provider's own"
          hint="0 to 2. Many reasoning models take none."
        />
        <SelectField
          label="Reasoning"
          {...field('reasoning', 'reasoning')}
          choices={[
            { value: '', label: 'None, or as the model does by itself' },
            { value: 'low', label: 'Low' },
            { value: 'medium', label: 'Medium' },
            { value: 'high', label: 'High' },
          ]}
        />
      </div>
      <CheckField
        label="It words the answers too, from what the actions gave back"
        checked={draft.writesAnswers}
        onChange={(event) => onChange({ writesAnswers: event.target.checked })}
      />
      <Disclosure summary="Limits, shape and prices">
        <div className="grid gap-5 pt-2 sm:grid-cols-2">
          <InputField
            label="Timeout in seconds"
            inputMode="decimal"
            {...field('timeoutSeconds', 'timeout_ms')}
            hint="For one question to it, retries included. Empty: the default."
          />
          <InputField
            label="Tokens of an answer at most"
            inputMode="numeric"
            {...field('outputTokens', 'output_tokens_max')}
            hint="Empty: the default."
          />
          <InputField
            label="Actions shown at once"
            inputMode="numeric"
            {...field('candidates', 'candidates_max')}
            hint="Of a larger catalogue it sees the nearest ones. Empty: the default."
          />
          <SelectField
            label="Held to the decision's shape by"
            {...field('structured', 'structured_output')}
            choices={[
              { value: '', label: 'What the provider does best' },
              { value: 'schema', label: 'A JSON Schema' },
              { value: 'tool', label: 'A tool call' },
              { value: 'prompt', label: 'The prompt alone' },
            ]}
          />
          <InputField
            label="Price of a million input tokens"
            inputMode="decimal"
            {...field('inputPrice', 'input_price')}
            hint="For the record of costs, in your currency."
          />
          <InputField
            label="Price of a million output tokens"
            inputMode="decimal"
            {...field('outputPrice', 'output_price')}
          />
        </div>
      </Disclosure>
    </Section>
  );
}
