import { Plus, X } from 'lucide-react';

import { CodeField, type CodeFieldProps } from './CodeField';
import { Hints } from './Hints';
import { wrongWith } from './check';
import type { Builder } from './useBuilder';
import type { ApiCall, BodyFormat, Method } from '../../api/actionFile';
import { Button, IconButton } from '../../components/Button';
import { Disclosure } from '../../components/Disclosure';
import { InputField, SelectField } from '../../components/Field';

const METHODS: Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const FORMATS: { value: BodyFormat; label: string }[] = [
  { value: 'json', label: 'JSON' },
  { value: 'form', label: 'Form' },
  { value: 'text', label: 'Text' },
];

export interface BodyProps extends Pick<CodeFieldProps, 'offers' | 'onFocus'> {
  builder: Builder;
}

interface ApiCallFieldsProps extends BodyProps {
  call: ApiCall;
}

/** The request, with placeholders anywhere in it. */
export function ApiCallFields({ builder, call, offers, onFocus }: ApiCallFieldsProps) {
  const { problems, advice, changeRun } = builder;
  return (
    <>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4 sm:grid-cols-[8rem_minmax(0,1fr)]">
        <SelectField
          label="Method"
          value={call.method}
          onChange={(event) => changeRun({ method: event.target.value as Method })}
          error={wrongWith(problems, 'run.method')}
          choices={METHODS.map((method) => ({ value: method, label: method }))}
        />
        <CodeField
          label="URL"
          mode="line"
          value={call.url}
          onChange={(url) => changeRun({ url })}
          error={wrongWith(problems, 'run.url')}
          placeholder="https://api.example.com/orders/{order_id}"
          hint={
            <>
              Values are percent-encoded for the place they stand in.
              <Hints advice={advice} field="run.url" />
              <Hints advice={advice} field="run.method" />
            </>
          }
          offers={offers}
          onFocus={onFocus}
        />
      </div>
      <Headers builder={builder} call={call} offers={offers} onFocus={onFocus} />
      {call.method !== 'GET' && (
        <CodeField
          label="Body"
          mode={(call.body_format ?? 'json') === 'json' ? 'json' : 'text'}
          value={call.body ?? ''}
          onChange={(body) => changeRun({ body })}
          error={wrongWith(problems, 'run.body')}
          hint={
            <>
              {(call.body_format ?? 'json') === 'json'
                ? 'A placeholder inside quotes is escaped; without quotes it stands for the typed value.'
                : 'Placeholders are filled in as the format needs them.'}
              <Hints advice={advice} field="run.body" />
            </>
          }
          aside={
            <select
              aria-label="Format of the body"
              value={call.body_format ?? 'json'}
              onChange={(event) => changeRun({ body_format: event.target.value })}
              className="rounded-md border border-line-strong bg-surface px-2 py-1 text-[0.8125rem]"
            >
              {FORMATS.map(({ value, label }) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          }
          offers={offers}
          onFocus={onFocus}
        />
      )}
      <Disclosure summary="Basic authentication, redirects and retries">
        <MoreFields builder={builder} call={call} offers={offers} onFocus={onFocus} />
      </Disclosure>
    </>
  );
}

function Headers({ builder, call, offers, onFocus }: ApiCallFieldsProps) {
  const { problems, advice, changeRun } = builder;
  const headers = call.headers ?? [];
  const set = (index: number, part: { name?: string; value?: string }) =>
    changeRun({ headers: headers.map((old, at) => (at === index ? { ...old, ...part } : old)) });
  return (
    <fieldset className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <legend className="mb-1.5 text-sm font-medium">Headers</legend>
      {headers.map((header, index) => (
        <div
          key={index}
          className="grid grid-cols-[minmax(0,1fr)_minmax(0,2fr)_auto] items-start gap-2 text-[0.8125rem]"
        >
          <InputField
            label={`Name of header ${index + 1}`}
            hideLabel
            value={header.name}
            onChange={(event) => set(index, { name: event.target.value })}
            error={wrongWith(problems, `run.headers[${index}].name`)}
            placeholder="Authorization"
            className="font-mono text-sm!"
            autoComplete="off"
            spellCheck={false}
          />
          <CodeField
            label={`Value of header ${index + 1}`}
            hideLabel
            mode="line"
            value={header.value}
            onChange={(value) => set(index, { value })}
            error={wrongWith(problems, `run.headers[${index}].value`)}
            placeholder="Bearer {API_KEY}"
            hint={<Hints advice={advice} field={`run.headers[${index}].value`} />}
            offers={offers}
            onFocus={onFocus}
          />
          <IconButton
            label={`Remove header ${index + 1}`}
            className="mt-1"
            onClick={() => changeRun({ headers: headers.filter((_, at) => at !== index) })}
          >
            <X className="size-4" />
          </IconButton>
        </div>
      ))}
      <Button
        className="justify-self-start"
        onClick={() => changeRun({ headers: [...headers, { name: '', value: '' }] })}
      >
        <Plus aria-hidden className="size-4" />
        Add a header
      </Button>
    </fieldset>
  );
}

function MoreFields({ builder, call, offers, onFocus }: ApiCallFieldsProps) {
  const { problems, changeRun } = builder;
  const auth = call.basic_auth ?? { username: '', password: '' };
  const setAuth = (part: Partial<typeof auth>) => {
    const next = { ...auth, ...part };
    changeRun({ basic_auth: next.username === '' && next.password === '' ? null : next });
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5 pt-2 sm:grid-cols-2">
      <CodeField
        label="User name"
        mode="line"
        value={auth.username}
        onChange={(username) => setAuth({ username })}
        error={wrongWith(problems, 'run.basic_auth.username') ?? wrongWith(problems, 'run.basic_auth')}
        placeholder="{JIRA_EMAIL}"
        offers={offers}
        onFocus={onFocus}
      />
      <CodeField
        label="Password"
        mode="line"
        value={auth.password}
        onChange={(password) => setAuth({ password })}
        error={wrongWith(problems, 'run.basic_auth.password')}
        placeholder="{JIRA_API_TOKEN}"
        offers={offers}
        onFocus={onFocus}
      />
      <InputField
        label="Redirects followed at most"
        inputMode="numeric"
        value={String(call.redirects_max ?? 5)}
        onChange={(event) => changeRun({ redirects_max: Number(event.target.value) || 0 })}
        error={wrongWith(problems, 'run.redirects_max')}
      />
      <InputField
        label="Further tries"
        inputMode="numeric"
        value={String(call.retries_max ?? 0)}
        onChange={(event) => changeRun({ retries_max: Number(event.target.value) || 0 })}
        error={wrongWith(problems, 'run.retries_max')}
        hint="After a failed connection or a 502, 503 or 504; never for POST and PATCH."
      />
    </div>
  );
}
