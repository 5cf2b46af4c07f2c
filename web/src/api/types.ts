/**
 * The wire shapes under the names that the app uses. Only this folder knows what the generated schema calls them, and
 * where it says less than the server promises: closed sets of words that it calls strings, maps that it calls objects.
 */
import type { ActionFile, ActionKind } from './actionFile';
import type { HostContact, HttpExchange, Phase, TurnEvent } from './events';
import type { CaseOutcome, Report } from './lab';
import type { components } from './schema';

type Schemas = components['schemas'];

export type Me = Schemas['Me'];
export type SignInMethods = Schemas['SignInMethods'];
export type Guru = Schemas['GuruReply'];
export type GuruChange = Schemas['GuruChange'];
export type System = Schemas['SystemReply'];
export type Backups = Schemas['BackupsReply'];
export type ReceiverTest = Schemas['ReceiverTestReply'];
export type ModelUseByGuru = Schemas['ModelUseByGuru'];
export type Vote = 'up' | 'down';
export type Audience = 'members' | 'anyone';
export type Secret = Schemas['SecretReply'];
export type Problem = Schemas['ProblemBody'];
export type Advice = Schemas['AdviceReply'];
export type Conversation = Schemas['ConversationReply'];
export type TurnStarted = Schemas['TurnStarted'];
export type Considered = Schemas['ConsideredReply'];
export type ErrorBody = Pick<Schemas['ErrorBody'], 'msg'> & Partial<Schemas['ErrorBody']>;
export type Role = 'viewer' | 'guru_admin' | 'super_admin';

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
export type Feedback = Narrow<Schemas['FeedbackReply'], { vote: Vote }>;
export type Judged = Narrow<Schemas['JudgedReply'], { vote: Vote }>;
export type Share = Narrow<Schemas['ShareReply'], { audience: Audience }>;
export type NewShare = Narrow<Schemas['NewShareReply'], { audience: Audience }>;
export type SharedTurn = Narrow<
  Schemas['SharedTurnReply'],
  { actions: Narrow<Schemas['SharedActionReply'], { status: ExecutionStatus }>[] }
>;
export type SharedConversation = Narrow<Schemas['SharedReply'], { turns: SharedTurn[] }>;
export type Turn = Narrow<
  Schemas['TurnReply'],
  { status: TurnStatus; plan?: Plan | null; references: Reference[]; feedback?: Feedback | null }
>;
export type Action = Narrow<
  Schemas['ActionReply'],
  { kind: ActionKind; definition: ActionFile; last_run?: LastRun | null }
>;
export type LastRun = Narrow<Schemas['LastRun'], { status: ExecutionStatus }>;
export type Actions = Narrow<Schemas['ActionsReply'], { items: Action[] }>;
export type Template = Narrow<Schemas['TemplateReply'], { definition: ActionFile }>;
export type Execution = Narrow<
  Schemas['ExecutionReply'],
  { arguments: Arguments; status: ExecutionStatus; kind: ActionKind }
>;
export type ExecutionStory = Narrow<
  Schemas['ExecutionStory'],
  {
    arguments: Arguments;
    status: ExecutionStatus;
    kind: ActionKind;
    exchanges: HttpExchange[];
    contacts: HostContact[];
    phases: Phase[];
    events: TurnEvent[];
    plan?: Plan | null;
  }
>;
export type Version = Schemas['VersionReply'];
export type FieldChange = Schemas['FieldChangeReply'];
export type AuditEntry = Schemas['AuditReply'];
export type AuditCheck = Schemas['AuditCheck'];
export type Analytics = Schemas['AnalyticsReply'];
export type Sums = Schemas['RunsReply'];
export type ModelUse = Schemas['ModelUseReply'];
export type ModelCall = Schemas['ListedCallReply'];
export type Difference = Schemas['DifferenceReply'];
export type Proposal = Narrow<Schemas['ProposalReply'], { definition: ActionFile }>;
export type OpenApiProposals = Narrow<Schemas['OpenApiReply'], { items: Proposal[] }>;
export type Results = Schemas['ResultsBody'];
export type Receiver = Schemas['ReceiverBody'];
export type Delivery = Schemas['DeliveryReply'];
export type Schedule = Narrow<Schemas['ScheduleReply'], { arguments: Arguments }>;
export type Outlook = Schemas['OutlookReply'];
export type User = Schemas['UserReply'];
export type Member = Schemas['MemberReply'];
export type ApiKey = Schemas['KeyReply'];
export type Session = Schemas['SessionReply'];
/** Accepted values by parameter, by action; null for a parameter that is to be asked for. */
export type Expected = Record<string, Record<string, string[] | null>>;
export type Suite = Schemas['SuiteReply'];
export type LabPlanner = Schemas['PlannerName'];
export type LabCaseBody = Narrow<Schemas['CaseBody'], { expected: Expected }>;
export type LabCase = Narrow<Schemas['CaseReply'], { case: LabCaseBody }>;
export type LabFailure = Narrow<Schemas['FailureReply'], { outcome: CaseOutcome; plan: Plan }>;
export type LabRun = Narrow<
  Schemas['LabRunReply'],
  { report: Report; before?: Report | null; failures: LabFailure[] }
>;
export type PastLabRun = Narrow<Schemas['PastRunReply'], { report: Report }>;
export type Overlap = Schemas['OverlapReply'];
export type Replay = Schemas['ReplayReply'];
export type PlannerSettings = Schemas['PlannerBody'];
export type PlannerTest = Schemas['ModelTestReply'];
export type Retention = Schemas['RetentionReply'];
export type ConversationDetail = Conversation & { turns: Turn[] };
