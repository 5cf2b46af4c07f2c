import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { AuthFrame } from './AuthFrame';
import { signIn } from '../../api/auth';
import { messageOf } from '../../api/error';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { TextField } from '../../components/TextField';
import { useDocumentTitle } from '../../lib/hooks';

interface SignInPageProps {
  /** True when a session ended while the page was open. */
  expired: boolean;
  onSignedIn: () => void;
}

export function SignInPage({ expired, onSignedIn }: SignInPageProps) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const enter = useMutation({ mutationFn: () => signIn(email.trim(), password), onSuccess: onSignedIn });
  useDocumentTitle('Sign in');
  return (
    <AuthFrame title="Sign in" lead="With the e-mail address your operator knows you by.">
      <form
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (!enter.isPending) enter.mutate();
        }}
      >
        {expired && !enter.isError && (
          <Notice tone="info">Your session ended. Sign in again and you are back where you were.</Notice>
        )}
        {enter.isError && <Notice tone="bad">{messageOf(enter.error)}</Notice>}
        <TextField
          label="E-mail"
          type="email"
          name="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <TextField
          label="Password"
          type="password"
          name="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" look="primary" busy={enter.isPending} className="h-11 w-full">
          Sign in
        </Button>
      </form>
    </AuthFrame>
  );
}
