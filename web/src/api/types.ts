/**
 * The wire shapes under the names that the app uses. Only this folder knows what the generated schema calls them, and
 * where it says less than the server promises: closed sets of words that it calls strings, maps that it calls objects.
 */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type Guru = Pick<Schemas['GuruReply'], 'id' | 'slug' | 'name' | 'example_questions'>;
export type Conversation = Schemas['ConversationReply'];
export type TurnStarted = Schemas['TurnStarted'];
export type Considered = Schemas['ConsideredReply'];
export type ErrorBody = Pick<Schemas['ErrorBody'], 'msg'> & Partial<Schemas['ErrorBody']>;

export type Arguments = Record<string, string | number | boolean>;
export type TurnStatus = 'running' | 'done' | 'failed' | 'cancelled';
export type ExecutionStatus =
  'queued' | 'running' | 'succeeded' | 'failed' | 'refused' | 'timed_out' | 'cancelled' | 'unknown';

type Narrow<T, To> = Omit<T, keyof To> & To;

export type Plan = Narrow<
  Schemas['PlanReply'],
  {
    steps: Narrow<Schemas['StepReply'], { arguments: Arguments }>[];
    missing: Narrow<Schemas['MissingReply'], { arguments: Arguments }>[];
  }
>;
export type Reference = Narrow<Schemas['Reference'], { arguments: Arguments; status: ExecutionStatus }>;
export type Turn = Narrow<
  Schemas['TurnReply'],
  { status: TurnStatus; plan?: Plan | null; references: Reference[] }
>;
export type ConversationDetail = Conversation & { turns: Turn[] };
