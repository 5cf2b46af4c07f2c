import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Upload } from 'lucide-react';
import { useRef } from 'react';

import { readCaseFile } from './caseFile';
import { ApiError, messageOf } from '../../api/error';
import { addCases } from '../../api/lab';
import { Button } from '../../components/Button';
import { Dialog } from '../../components/Dialog';
import { MessageText } from '../../components/SecretText';

/** Brings the cases of a file, all or none. */
export function CaseFileButton({ guru, suite }: { guru: string; suite: string }) {
  const input = useRef<HTMLInputElement>(null);
  const queries = useQueryClient();
  const bring = useMutation({
    mutationFn: async (file: File) => {
      const read = readCaseFile(await file.text());
      if ('problem' in read) throw new ApiError(read.problem, 0);
      await addCases(guru, suite, read.cases);
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ['lab', guru] }),
  });
  return (
    <>
      <Button busy={bring.isPending} onClick={() => input.current?.click()}>
        {!bring.isPending && <Upload aria-hidden className="size-4" />}
        Bring a case file
      </Button>
      <input
        ref={input}
        type="file"
        aria-label="Case file"
        accept=".jsonl,.json,application/json"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = '';
          if (file !== undefined) bring.mutate(file);
        }}
      />
      <Dialog open={bring.isError} onOpenChange={() => bring.reset()} title="No case was added">
        <p role="alert" className="text-sm wrap-anywhere">
          <MessageText text={messageOf(bring.error)} />
        </p>
      </Dialog>
    </>
  );
}
