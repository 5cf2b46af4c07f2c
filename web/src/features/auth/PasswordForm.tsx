import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';

import { signIn } from '../../api/auth';
import { messageOf } from '../../api/error';
import { Button } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { TextField } from '../../components/TextField';

interface PasswordFormProps {
  look: 'primary' | 'outline';
  onSignedIn: () => void;
}

export function PasswordForm({ look, onSignedIn }: PasswordFormProps) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const enter = useMutation({ mutationFn: () => signIn(email.trim(), password), onSuccess: onSignedIn });
  return (
    <form
      className="grid gap-5"
      onSubmit={(event) => {
        event.preventDefault();
        if (!enter.isPending) enter.mutate();
      }}
    >
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
      <Button type="submit" look={look} busy={enter.isPending} className="h-11 w-full">
        Sign in
      </Button>
    </form>
  );
}
