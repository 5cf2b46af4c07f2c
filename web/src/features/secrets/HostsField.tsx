import { InputField } from '../../components/Field';

interface HostsFieldProps {
  /** As typed: names with commas or spaces between them. */
  hosts: string;
  onHosts: (hosts: string) => void;
  error: string | null;
}

export function HostsField({ hosts, onHosts, error }: HostsFieldProps) {
  return (
    <InputField
      label="Only for these hosts"
      value={hosts}
      onChange={(event) => onHosts(event.target.value)}
      error={error}
      hint="Such as api.stripe.com or *.zendesk.com; empty for any. An action that uses it reaches no other host."
      className="font-mono"
      autoComplete="off"
      spellCheck={false}
    />
  );
}

export function readHosts(text: string): string[] {
  return text.split(/[\s,]+/).filter((host) => host !== '');
}
