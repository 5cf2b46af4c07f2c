import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';

import { IconButton } from './Button';

interface CopyButtonProps {
  text: string;
  label: string;
  className?: string;
}

const SHOWN_MS = 1_600;

export function CopyButton({ text, label, className }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  useEffect(() => {
    if (state === 'idle') return;
    const timer = setTimeout(() => setState('idle'), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [state]);

  const copy = () => {
    copyText(text).then(
      () => setState('copied'),
      () => setState('failed'),
    );
  };
  const words = { idle: label, copied: 'Copied', failed: 'Copying was refused by the browser' }[state];
  return (
    <>
      <IconButton label={words} onClick={copy} className={className}>
        {state === 'copied' ? <Check className="size-4 text-ok" /> : <Copy className="size-4" />}
      </IconButton>
      <span role="status" className="sr-only">
        {state === 'idle' ? '' : words}
      </span>
    </>
  );
}

/** The clipboard is there on https and localhost alone; elsewhere a selection is copied. */
async function copyText(text: string): Promise<void> {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- undefined on plain http
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'fixed opacity-0';
  document.body.append(area);
  area.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way on plain http
  const copied = document.execCommand('copy');
  area.remove();
  if (!copied) throw new Error('refused');
}
