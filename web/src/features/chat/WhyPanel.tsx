import type { ReactNode } from 'react';

import type { Plan } from '../../api/types';
import { Decision } from '../../components/Decision';
import { Disclosure } from '../../components/Disclosure';

interface WhyPanelProps {
  plan: Plan;
  /** Stands at the end of its line. */
  aside: ReactNode;
}

/** How it was decided what to do, behind a line that unfolds. */
export function WhyPanel({ plan, aside }: WhyPanelProps) {
  return (
    <Disclosure summary="Why" aside={aside}>
      <Decision plan={plan} />
    </Disclosure>
  );
}
