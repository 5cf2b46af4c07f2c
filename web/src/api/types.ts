/** The wire shapes under the names that the app uses. Only this file knows what the generated schema calls them. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type Guru = Schemas['Guru'];
export type Conversation = Schemas['Conversation'];
export type ConversationDetail = Schemas['ConversationDetail'];
export type Turn = Schemas['Turn'];
export type TurnStatus = Schemas['TurnStatus'];
export type TurnStarted = Schemas['TurnStarted'];
export type Plan = Schemas['Plan'];
export type Considered = Schemas['PlanConsidered'];
export type Reference = Schemas['Reference'];
export type ExecutionStatus = Schemas['ExecutionStatus'];
export type Arguments = Schemas['Arguments'];
export type HttpExchange = Schemas['HttpExchange'];
export type HostContact = Schemas['HostContact'];
export type Phase = Schemas['Phase'];
export type ErrorBody = Schemas['Error'];

export type TurnEvent =
  | Schemas['TurnStartedEvent']
  | Schemas['PlannedEvent']
  | Schemas['ActionStartedEvent']
  | Schemas['ActionOutputEvent']
  | Schemas['HttpExchangedEvent']
  | Schemas['HostContactedEvent']
  | Schemas['PhaseMeasuredEvent']
  | Schemas['ActionFinishedEvent']
  | Schemas['AnswerTextEvent']
  | Schemas['TurnFinishedEvent'];
