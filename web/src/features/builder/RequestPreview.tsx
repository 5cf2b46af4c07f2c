import { useMutation } from '@tanstack/react-query';

import { toSend } from './draft';
import type { Builder } from './useBuilder';
import { previewRequest } from '../../api/actions';
import { messageOf } from '../../api/error';
import type { Arguments } from '../../api/types';
import { Button } from '../../components/Button';
import { MessageText, SecretText } from '../../components/SecretText';

/** The exact request that these values make, secrets masked; nothing is sent. */
export function RequestPreview({ builder, given }: { builder: Builder; given: Arguments }) {
  const preview = useMutation({
    mutationFn: () => previewRequest(builder.guru, toSend(builder.draft), given),
  });
  const request = preview.data;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3 border-t border-line pt-5">
      <div>
        <Button busy={preview.isPending} onClick={() => preview.mutate()}>
          Show the request
        </Button>
        <p className="mt-1.5 text-[0.8125rem] text-ink-soft">What would be sent, without sending it.</p>
      </div>
      {preview.isError && (
        <p role="alert" className="text-sm text-bad wrap-anywhere">
          <MessageText text={messageOf(preview.error)} />
        </p>
      )}
      {request !== undefined && (
        <pre
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling box must be reachable by keyboard
          tabIndex={0}
          role="group"
          aria-label="The request"
          className="max-h-80 overflow-auto rounded-lg border border-line bg-sunken px-3.5 py-2.5 font-mono text-[0.8125rem] leading-6 whitespace-pre-wrap wrap-anywhere"
        >
          <b>{request.method}</b> <SecretText text={request.url} />
          {request.request_headers.map(([name, value]) => (
            <span key={name} className="block">
              <span className="text-ink-soft">{name}:</span> <SecretText text={value} />
            </span>
          ))}
          {request.request_body != null && request.request_body !== '' && (
            <span className="mt-3 block">
              <SecretText text={request.request_body} />
            </span>
          )}
        </pre>
      )}
    </div>
  );
}
