import type { BatchEvents } from '../batch-events.js';
import type { CredentialEvents } from '../credential-events.js';
import type { GroupEvents, UnitEvents } from '../work-events.js';
import type { SiteEvents, WorkerEvents } from '../worker-events.js';
import type { AccessEvents } from '../workload-events.js';
import type { DatasetEvents, DatasetNumberEvents } from './dataset-events.js';
import type { DatasetFileEvents } from './dataset-file-events.js';
import type { LogEvents } from './log-events.js';
import type { RequestEvents } from './request-events.js';
import type { TaskEvents, TaskStatEvents } from './task-events.js';

/** All events of IceProd's streams, by type. Its tasks depend on others from the start, and are never removed. */
export type IceprodEventTypes = DatasetEvents &
  AccessEvents &
  Omit<UnitEvents, 'UnitsLinked' | 'UnitsUnlinked' | 'UnitsRemoved'> &
  GroupEvents &
  TaskEvents &
  TaskStatEvents &
  DatasetFileEvents &
  LogEvents &
  DatasetNumberEvents &
  RequestEvents &
  SiteEvents &
  WorkerEvents &
  CredentialEvents &
  BatchEvents;

/** The schema version in which each is recorded. */
export const ICEPROD_EVENT_VERSIONS: Readonly<Record<keyof IceprodEventTypes, number>> = {
  ...{ WorkloadSubmitted: 1, WorkloadMoved: 1, WorkloadPrioritized: 1, AccessRuleSet: 1 },
  ...{ DatasetTruncated: 1, DatasetDescribed: 1, DatasetExtended: 1, ConfigSet: 1, DatasetNumberReserved: 1 },
  ...{ GroupsAdded: 1, GroupsMoved: 1, GroupAmended: 1 },
  ...{ UnitAdded: 1, UnitsAdded: 1, UnitsClaimed: 1, UnitStarted: 1, UnitFailed: 1, UnitSucceeded: 1 },
  ...{ UnitsMoved: 1, UnitsEvicted: 1, UnitAmended: 1, TaskRequirementsSet: 1, TasksPrioritized: 1 },
  ...{ TaskStatRecorded: 1, FileAdded: 1, FilesRemoved: 1, LogStored: 1, LogsDeleted: 1 },
  ...{ RequestQueued: 1, RequestStarted: 1, RequestPaused: 1, JobsPlanned: 1, RequestProgressed: 1 },
  ...{ RequestCompleted: 1, RequestFailed: 1 },
  ...{ SiteRegistered: 1, SiteReported: 1 },
  ...{ WorkerStarted: 1, WorkerReported: 1, WorkerEnded: 1, WorkerUnitsReleased: 1 },
  ...{ CredentialStored: 1, CredentialDeleted: 1, BatchAbandoned: 1 },
};
