import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Share2, Trash2 } from 'lucide-react';
import { useState, type SyntheticEvent } from 'react';

import { messageOf } from '../../api/error';
import { createShare, endShare, listShares } from '../../api/shares';
import type { Audience, Guru, NewShare, Share } from '../../api/types';
import { Button, IconButton } from '../../components/Button';
import { CopyButton } from '../../components/CopyButton';
import { Dialog } from '../../components/Dialog';
import { SelectField } from '../../components/Field';
import { LoadError } from '../../components/Loading';
import { MessageText } from '../../components/SecretText';
import { When } from '../../components/When';

const DAYS = [1, 7, 30, 90];

/** Opens the window in which a conversation is shared. */
export function ShareButton({ guru, conversation }: { guru: Guru; conversation: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button look="quiet" onClick={() => setOpen(true)}>
        <Share2 aria-hidden className="size-4" />
        Share
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title="Share this conversation">
        {open && <ShareForm guru={guru} conversation={conversation} />}
      </Dialog>
    </>
  );
}

const READERS: Record<Audience, string> = {
  members: 'People who may ask this guru',
  anyone: 'Anyone with the link',
};

function ShareForm({ guru, conversation }: { guru: Guru; conversation: string }) {
  const [audience, setAudience] = useState<Audience>('members');
  const [days, setDays] = useState('30');
  const queries = useQueryClient();
  const key = ['shares', guru.slug, conversation];
  const shares = useQuery({ queryKey: key, queryFn: () => listShares(guru.slug, conversation) });
  const make = useMutation({
    mutationFn: () => createShare(guru.slug, conversation, { audience, expires_in_days: Number(days) }),
    onSuccess: () => queries.invalidateQueries({ queryKey: key }),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!make.isPending) make.mutate();
  };
  const audiences: Audience[] = guru.public_links ? ['members', 'anyone'] : ['members'];
  return (
    <div className="grid gap-5">
      <p className="text-sm text-ink-soft">
        A link shows the questions and answers so far, with secrets masked, and which actions ran. It shows
        nothing that is said later, and no arguments or outputs.
      </p>
      <form onSubmit={submit} className="grid gap-4">
        <SelectField
          label="Who may read"
          value={audience}
          onChange={(event) => setAudience(event.target.value as Audience)}
          choices={audiences.map((value) => ({ value, label: READERS[value] }))}
          hint={
            guru.public_links ? undefined : 'Links for people who are not signed in are off for this guru.'
          }
        />
        <SelectField
          label="For how long"
          value={days}
          onChange={(event) => setDays(event.target.value)}
          choices={DAYS.map((one) => ({ value: String(one), label: one === 1 ? '1 day' : `${one} days` }))}
        />
        {make.isError && (
          <p role="alert" className="text-sm text-bad">
            <MessageText text={messageOf(make.error)} />
          </p>
        )}
        <Button type="submit" look="primary" busy={make.isPending} className="justify-self-start">
          Make a link
        </Button>
      </form>
      {make.data !== undefined && <MadeLink made={make.data} />}
      {shares.isError && <LoadError error={shares.error} onRetry={() => void shares.refetch()} />}
      {shares.data !== undefined && shares.data.length > 0 && (
        <section className="grid gap-2">
          <h3 className="text-sm font-medium">Links that work now</h3>
          <ul className="divide-y divide-line rounded-xl border border-line">
            {shares.data.map((share) => (
              <ShareRow key={share.id} guru={guru.slug} share={share} listKey={key} />
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

/** The address, this once. */
function MadeLink({ made }: { made: NewShare }) {
  const address = `${globalThis.location.origin}${made.path}`;
  return (
    <div role="status" className="grid gap-1 rounded-xl border border-line bg-paper p-3">
      <p className="text-[0.8125rem] text-ink-soft">Copy it now: it is not shown again.</p>
      <div className="flex items-center gap-2">
        <code className="min-w-0 flex-1 font-mono text-[0.8125rem] wrap-anywhere">{address}</code>
        <CopyButton text={address} label="Copy the link" />
      </div>
    </div>
  );
}

interface ShareRowProps {
  guru: string;
  share: Share;
  listKey: string[];
}

function ShareRow({ guru, share, listKey }: ShareRowProps) {
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => endShare(guru, share.id),
    onSettled: () => queries.invalidateQueries({ queryKey: listKey }),
  });
  return (
    <li className="flex items-center gap-3 px-3 py-2 text-[0.8125rem]">
      <span className="min-w-0 flex-1">
        {READERS[share.audience]}, made <When at={share.created_at} />, ends{' '}
        <time dateTime={share.expires_at}>{new Date(share.expires_at).toLocaleDateString()}</time>
        {end.isError && (
          <span role="alert" className="block text-bad">
            {messageOf(end.error)}
          </span>
        )}
      </span>
      <IconButton label="End this link" disabled={end.isPending} onClick={() => end.mutate()}>
        <Trash2 className="size-4" />
      </IconButton>
    </li>
  );
}
