import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ThumbsDown, ThumbsUp } from 'lucide-react';
import { useId, useState, type SyntheticEvent } from 'react';

import { conversationKeys } from './queries';
import { takeVoteBack, vote } from '../../api/feedback';
import { messageOf } from '../../api/error';
import type { ConversationDetail, Feedback, Vote } from '../../api/types';
import { Button, IconButton } from '../../components/Button';
import { AreaField } from '../../components/Field';
import { MessageText } from '../../components/SecretText';
import { classes } from '../../lib/classes';

interface VotesProps {
  guru: string;
  conversation: string;
  turn: string;
  feedback: Feedback | null;
}

interface Cast {
  /** Null takes the vote back. */
  vote: Vote | null;
  comment: string | null;
}

const COMMENT_CHARS_MAX = 2_000;

/** What the asker thinks of an answer: a thumb, and words beside it for who wants to say why. */
export function useVotes({ guru, conversation, turn, feedback }: VotesProps) {
  const [writing, setWriting] = useState(false);
  const queries = useQueryClient();
  const cast = useMutation({
    mutationFn: async ({ vote: wanted, comment }: Cast): Promise<Feedback | null> => {
      if (wanted !== null) return vote(guru, turn, wanted, comment);
      await takeVoteBack(guru, turn);
      return null;
    },
    onSuccess: (kept) =>
      queries.setQueryData<ConversationDetail>(conversationKeys.one(guru, conversation), (known) =>
        known === undefined
          ? known
          : {
              ...known,
              turns: known.turns.map((one) => (one.id === turn ? { ...one, feedback: kept } : one)),
            },
      ),
  });
  const press = (pressed: Vote) => {
    const again = feedback?.vote === pressed;
    setWriting(!again);
    cast.mutate({ vote: again ? null : pressed, comment: again ? null : (feedback?.comment ?? null) });
  };
  const buttons = (
    <span role="group" aria-label="Your vote on this answer" className="inline-flex gap-0.5">
      <Thumb kind="up" feedback={feedback} onPress={press} />
      <Thumb kind="down" feedback={feedback} onPress={press} />
    </span>
  );
  const words = writing && feedback !== null && (
    <CommentForm
      key={feedback.vote}
      feedback={feedback}
      busy={cast.isPending}
      onKeep={(comment) =>
        cast.mutate({ vote: feedback.vote, comment }, { onSuccess: () => setWriting(false) })
      }
      onClose={() => setWriting(false)}
    />
  );
  const said = !writing && feedback?.comment != null && (
    <p className="text-[0.8125rem] text-ink-soft wrap-anywhere">
      You said: <MessageText text={feedback.comment} />
    </p>
  );
  const problem = cast.isError && (
    <p role="alert" className="text-[0.8125rem] text-bad">
      {messageOf(cast.error)}
    </p>
  );
  return { buttons, below: words || said || problem || null };
}

interface ThumbProps {
  kind: Vote;
  feedback: Feedback | null;
  onPress: (kind: Vote) => void;
}

function Thumb({ kind, feedback, onPress }: ThumbProps) {
  const pressed = feedback?.vote === kind;
  const Icon = kind === 'up' ? ThumbsUp : ThumbsDown;
  return (
    <IconButton
      label={kind === 'up' ? 'Good answer' : 'Bad answer'}
      aria-pressed={pressed}
      onClick={() => onPress(kind)}
      className={pressed ? 'text-ink' : undefined}
    >
      <Icon aria-hidden className={classes('size-4', pressed && 'fill-current')} />
    </IconButton>
  );
}

interface CommentFormProps {
  feedback: Feedback;
  busy: boolean;
  onKeep: (comment: string | null) => void;
  onClose: () => void;
}

function CommentForm({ feedback, busy, onKeep, onClose }: CommentFormProps) {
  const [text, setText] = useState(feedback.comment ?? '');
  const id = useId();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!busy) onKeep(text.trim() === '' ? null : text.trim());
  };
  return (
    <form
      onSubmit={submit}
      aria-labelledby={id}
      className="grid gap-3 rounded-xl border border-line bg-surface p-4"
    >
      <p id={id} className="text-sm font-medium">
        {feedback.vote === 'up' ? 'What was good?' : 'What was wrong?'}
      </p>
      <AreaField
        label="Comment"
        hideLabel
        rows={2}
        value={text}
        maxLength={COMMENT_CHARS_MAX}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onClose()}
        hint="Optional. Who manages this guru can read it."
      />
      <div className="flex justify-end gap-2">
        <Button look="quiet" onClick={onClose}>
          No comment
        </Button>
        <Button type="submit" busy={busy}>
          Send
        </Button>
      </div>
    </form>
  );
}
