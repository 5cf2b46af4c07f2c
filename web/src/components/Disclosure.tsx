import { Collapsible } from '@base-ui/react/collapsible';
import { ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { classes } from '../lib/classes';

interface DisclosureProps {
  summary: ReactNode;
  children: ReactNode;
  className?: string;
  /** Stands at the end of the line. */
  aside?: ReactNode;
  /** Told when it opens for the first time, to load what is inside. */
  onOpen?: () => void;
}

/** A line that unfolds what belongs to it. */
export function Disclosure({ summary, children, className, aside, onOpen }: DisclosureProps) {
  const [open, setOpen] = useState(false);
  const change = (next: boolean) => {
    setOpen(next);
    if (next) onOpen?.();
  };
  return (
    <Collapsible.Root open={open} onOpenChange={change} className={className}>
      <div className="flex items-center justify-between gap-4">
        <Collapsible.Trigger className="inline-flex min-h-7 items-center gap-1.5 rounded-md text-[0.8125rem] font-medium text-ink-soft hover:text-ink">
          <ChevronRight
            aria-hidden
            className={classes('size-3.5 transition-transform', open && 'rotate-90')}
          />
          {summary}
        </Collapsible.Trigger>
        {aside}
      </div>
      <Collapsible.Panel className="pt-2">{children}</Collapsible.Panel>
    </Collapsible.Root>
  );
}
