import { Collapsible } from '@base-ui/react/collapsible';
import { ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { classes } from '../lib/classes';

interface DisclosureProps {
  summary: ReactNode;
  children: ReactNode;
  className?: string;
  /** Told when it opens for the first time, to load what is inside. */
  onOpen?: () => void;
}

/** A line that unfolds what belongs to it. */
export function Disclosure({ summary, children, className, onOpen }: DisclosureProps) {
  const [open, setOpen] = useState(false);
  const change = (next: boolean) => {
    setOpen(next);
    if (next) onOpen?.();
  };
  return (
    <Collapsible.Root open={open} onOpenChange={change} className={className}>
      <Collapsible.Trigger className="inline-flex min-h-7 items-center gap-1.5 rounded-md text-[0.8125rem] font-medium text-ink-soft hover:text-ink">
        <ChevronRight aria-hidden className={classes('size-3.5 transition-transform', open && 'rotate-90')} />
        {summary}
      </Collapsible.Trigger>
      <Collapsible.Panel className="pt-2">{children}</Collapsible.Panel>
    </Collapsible.Root>
  );
}
