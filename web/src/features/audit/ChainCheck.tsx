import { useMutation } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';

import { checkAudit } from '../../api/audit';
import { messageOf } from '../../api/error';
import { Button } from '../../components/Button';
import { MessageText } from '../../components/SecretText';

/** Walks the installation's whole log and says whether it was tampered with. */
export function ChainCheck() {
  const check = useMutation({ mutationFn: checkAudit });
  const found = check.data;
  return (
    <div className="flex flex-wrap items-center gap-3">
      <Button busy={check.isPending} onClick={() => check.mutate()}>
        <ShieldCheck aria-hidden className="size-4" />
        Check the chain
      </Button>
      <p role="status" className="min-w-0 flex-1 basis-64 text-sm wrap-anywhere">
        {check.isError && <MessageText text={messageOf(check.error)} />}
        {found?.intact === true && (
          <span className="text-ok">
            Intact up to entry {found.seq ?? 0}. Its hash: <span className="font-mono">{found.hash}</span>
          </span>
        )}
        {found?.intact === false && (
          <span className="text-bad">
            Broken at entry {found.broken_at ?? '?'}: it is missing, changed or too many.
          </span>
        )}
      </p>
    </div>
  );
}
