import { AuthFrame } from './AuthFrame';
import { PasswordForm } from './PasswordForm';
import { problemWords } from './problems';
import type { SignInMethods } from '../../api/types';
import { buttonClasses } from '../../components/Button';
import { Notice } from '../../components/Notice';
import { useDocumentTitle } from '../../lib/hooks';

interface SignInPageProps {
  methods: SignInMethods;
  /** Where in the app to go afterwards. */
  back: string;
  /** True when a session ended while the page was open. */
  expired: boolean;
  /** Why the identity provider's way led back here. */
  problem: string | undefined;
  onSignedIn: () => void;
}

export function SignInPage({ methods, back, expired, problem, onSignedIn }: SignInPageProps) {
  const { provider, password } = methods;
  useDocumentTitle('Sign in');
  return (
    <AuthFrame title="Sign in" lead={leadOf(methods)}>
      <div className="grid gap-5">
        {problem !== undefined && <Notice tone="bad">{problemWords(problem)}</Notice>}
        {expired && problem === undefined && (
          <Notice tone="info">Your session ended. Sign in again and you are back where you were.</Notice>
        )}
        {provider != null && (
          <a
            href={`${provider.path}?return_to=${encodeURIComponent(back)}`}
            className={buttonClasses('primary', 'h-11 w-full')}
          >
            Continue with {provider.name}
          </a>
        )}
        {provider != null && password && <Or />}
        {password && <PasswordForm look={provider == null ? 'primary' : 'outline'} onSignedIn={onSignedIn} />}
      </div>
    </AuthFrame>
  );
}

function leadOf({ provider, password }: SignInMethods): string {
  if (provider == null) return 'With the e-mail address your operator knows you by.';
  return password
    ? 'With your organisation’s account, or with a password.'
    : 'With your organisation’s account.';
}

function Or() {
  return (
    <p className="flex items-center gap-3 text-[0.8125rem] text-ink-soft before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
      or
    </p>
  );
}
