import type { ReactNode } from 'react';

import { Button } from '../../components/Button';
import { CopyButton } from '../../components/CopyButton';

interface OnceShownProps {
  text: string;
  label: string;
  onClose: () => void;
  children: ReactNode;
}

/** Something that can't be read a second time. */
export function OnceShown({ text, label, onClose, children }: OnceShownProps) {
  return (
    <div className="grid gap-4">
      <p role="status" className="text-sm text-ink-soft">
        {children}
      </p>
      <div className="flex items-center gap-2 rounded-lg border border-line bg-sunken py-2 pr-2 pl-3.5">
        <output aria-label={label} className="min-w-0 flex-1 font-mono text-[0.8125rem] wrap-anywhere">
          {text}
        </output>
        <CopyButton text={text} label="Copy" />
      </div>
      <div className="flex justify-end">
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </div>
  );
}
