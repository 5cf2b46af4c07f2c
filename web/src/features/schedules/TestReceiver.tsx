import { useMutation } from '@tanstack/react-query';
import { Check, CircleAlert, Send } from 'lucide-react';

import { isFilled, receiverOf, type ReceiverDraft } from './results';
import { messageOf } from '../../api/error';
import { testReceiver } from '../../api/schedules';
import { Button } from '../../components/Button';
import { MessageText } from '../../components/SecretText';

interface TestReceiverProps {
  guru: string;
  action: string;
  receiver: ReceiverDraft;
}

/** Sends a message that says it is a test, before anything is saved: whether results would arrive. */
export function TestReceiver({ guru, action, receiver }: TestReceiverProps) {
  const test = useMutation({
    mutationFn: (draft: ReceiverDraft) => testReceiver(guru, action, receiverOf(draft)),
  });
  // What came of it belongs to the receiver as it was then.
  const asked = JSON.stringify(test.variables) === JSON.stringify(receiver);
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <Button
        className="h-8!"
        disabled={!isFilled(receiver) || action === ''}
        busy={test.isPending}
        onClick={() => test.mutate(receiver)}
      >
        <Send aria-hidden className="size-3.5" />
        Send a test
      </Button>
      <div role="status" className="min-w-0 flex-1 basis-40 text-sm">
        {asked && test.data?.delivered === true && (
          <p className="flex items-center gap-1.5 text-ok">
            <Check aria-hidden className="size-4 shrink-0" /> It was taken.
          </p>
        )}
        {asked && test.data?.delivered === false && <Refusal text={test.data.error ?? 'It was not taken.'} />}
        {asked && test.isError && <Refusal text={messageOf(test.error)} />}
      </div>
    </div>
  );
}

function Refusal({ text }: { text: string }) {
  return (
    <p className="flex items-start gap-1.5 text-bad wrap-anywhere">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span>
        <MessageText text={text} />
      </span>
    </p>
  );
}
