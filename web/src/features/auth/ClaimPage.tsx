import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { AuthFrame } from './AuthFrame';
import { claim } from '../../api/auth';
import { messageOf } from '../../api/error';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { TextField } from '../../components/TextField';
import { useDocumentTitle } from '../../lib/hooks';

interface ClaimPageProps {
  /** The link's token; empty when the link was cut. */
  token: string;
  /** Whether one may come back with a password. */
  passwords: boolean;
  onSignedIn: () => void;
  onSignIn: () => void;
}

/** Where a one-time link leads: in, with a password for the next time or without. */
export function ClaimPage({ token, passwords, onSignedIn, onSignIn }: ClaimPageProps) {
  const [password, setPassword] = useState('');
  const enter = useMutation({ mutationFn: () => claim(token, password), onSuccess: onSignedIn });
  useDocumentTitle('Welcome');
  if (token === '') {
    return (
      <AuthFrame
        title="This link is not whole"
        lead="It carries no token. Open it again as it was printed or sent."
      >
        <Button className="h-11 w-full" onClick={onSignIn}>
          Go to the sign-in
        </Button>
      </AuthFrame>
    );
  }
  return (
    <AuthFrame
      title="Welcome"
      lead={
        passwords
          ? 'This link signs you in once. A password lets you come back without one.'
          : 'This link signs you in once.'
      }
    >
      <form
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (!enter.isPending) enter.mutate();
        }}
      >
        {enter.isError && <Notice tone="bad">{messageOf(enter.error)}</Notice>}
        {passwords && (
          <TextField
            label="Password (optional)"
            type="password"
            name="new-password"
            autoComplete="new-password"
            hint="Leave it empty to be signed in on this device only."
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        )}
        <Button type="submit" look="primary" busy={enter.isPending} className="h-11 w-full">
          {continueWords(passwords, password)}
        </Button>
      </form>
    </AuthFrame>
  );
}

function continueWords(passwords: boolean, password: string): string {
  if (!passwords) return 'Continue';
  return password === '' ? 'Continue without a password' : 'Set the password and continue';
}
