/** A plan's arguments, each with where it came from, in words. */
import type { Arguments, Plan } from '../api/types';

export interface Came {
  parameter: string;
  value: Arguments[string];
  /** The words that it was taken from, when they are known. */
  words: string | null;
  /** Such as `the question` or `its default`; null when nothing is known of it. */
  place: string | null;
}

/** What the document calls an object: `from` names the place. */
interface Origin {
  parameter: string;
  from: string;
  turns_ago?: number;
  in_answer?: boolean;
}

/** The arguments of one of a plan's actions. */
export function argumentsOf(plan: Plan, action: string): Came[] {
  const step = plan.steps.find((one) => one.action === action);
  const given = step?.arguments ?? plan.missing.find((one) => one.action === action)?.arguments ?? {};
  const origins = (step?.origins ?? []) as unknown as Origin[];
  return Object.entries(given).map(([parameter, value]) => {
    const trail = plan.trail.find((one) => one.action === action && one.parameter === parameter);
    const origin = origins.find((one) => one.parameter === parameter);
    return {
      parameter,
      value,
      words: trail?.words ?? null,
      place: trail !== undefined ? turnWords(trail.turns_ago, trail.in_answer) : originWords(origin),
    };
  });
}

function originWords(origin: Origin | undefined): string | null {
  switch (origin?.from) {
    case 'question':
      return turnWords(0, false);
    case 'earlier':
      return turnWords(origin.turns_ago ?? 1, origin.in_answer === true);
    case 'default':
      return 'its default';
    case 'model':
      return 'the language model';
    default:
      return null;
  }
}

function turnWords(turnsAgo: number, inAnswer: boolean): string {
  if (turnsAgo === 0) return 'the question';
  const text = inAnswer ? 'answer' : 'question';
  return turnsAgo === 1 ? `the ${text} before` : `the ${text} ${turnsAgo} turns before`;
}
