import type { BatchEvents } from '../batch-events.js';
import type { AccessEvents } from '../workload-events.js';
import type { UnitEvents, UnitsMoved } from '../work-events.js';
import type { JobCanceled, JobFailed, JobsRemoved, JobStarted, JobSucceeded, TorcEvents } from './events.js';

/** The engine's events with what Torc adds to them. */
export interface TorcUnitEvents {
  readonly UnitStarted: JobStarted;
  readonly UnitSucceeded: JobSucceeded;
  readonly UnitFailed: JobFailed;
  /** Jobs were set to another status; also when a worker reports that a job was canceled. */
  readonly UnitsMoved: UnitsMoved | JobCanceled;
  readonly UnitsRemoved: JobsRemoved;
}

/** All events of Torc's streams, by type. */
export type TorcEventTypes = TorcEvents &
  TorcUnitEvents &
  Pick<UnitEvents, 'UnitsLinked' | 'UnitsUnlinked'> &
  AccessEvents &
  BatchEvents;

/** The schema version in which each is recorded. */
export const TORC_EVENT_VERSIONS: Readonly<Record<keyof TorcEventTypes, number>> = {
  ...{ WorkflowCreated: 1, WorkflowReplaced: 1, WorkflowDeleted: 1 },
  ...{ DocumentsStored: 1, DocumentReplaced: 1, DocumentContinued: 1, DocumentsDeleted: 1 },
  ...{ EdgesAdded: 1, EdgesDeleted: 1, JobsAdded: 1, JobReplaced: 1, JobsInitialized: 1 },
  ...{ UnitStarted: 1, UnitSucceeded: 1, UnitFailed: 1, UnitsMoved: 1, UnitsRemoved: 1 },
  ...{ UnitsLinked: 1, UnitsUnlinked: 1 },
  ...{ CompletionScriptHandedOut: 1, CompletionScriptSettled: 1, ActionsAdded: 1, ActionClaimed: 1 },
  ActionCompleted: 1,
  AccessRuleSet: 1,
  ...{ BatchAbandoned: 1 },
};
