import type { BatchEvents } from '../batch-events.js';
import type { CacheEvents } from './cache-events.js';
import type { PandaDirectoryEvents } from './configuration.js';
import type { PandaEvents, PandaUnitEvents } from './events.js';
import type { PandaConfigurationEvents, QueueEvents } from './queues.js';
import type { RangeEvents } from './range-events.js';
import type { UserSecretsEvents } from './secrets.js';
import type { HarvesterEvents, NodeEvents, SlotEvents } from './worker-events.js';

/** All events of PanDA's streams, by type. */
export type PandaEventTypes = PandaEvents &
  PandaUnitEvents &
  RangeEvents &
  HarvesterEvents &
  QueueEvents &
  SlotEvents &
  NodeEvents &
  PandaConfigurationEvents &
  PandaDirectoryEvents &
  CacheEvents &
  UserSecretsEvents &
  BatchEvents;

/** The schema version in which each is recorded. */
export const PANDA_EVENT_VERSIONS: Readonly<Record<keyof PandaEventTypes, number>> = {
  ...{ TaskSubmitted: 1, TaskMoved: 1, TaskAmended: 1, TextStored: 1, TextContinued: 1 },
  ...{ DatasetsAdded: 1, DatasetsMoved: 1, FilesAdded: 1, FilesReopened: 1, FilesAmended: 1 },
  ...{ JobsCreated: 1, JobFilesAdded: 1, JobsAmended: 1, JobsPrioritized: 1, JobsPlaced: 1 },
  ...{ UnitsClaimed: 1, UnitStarted: 1, UnitsMoved: 1, UnitSucceeded: 1, UnitFailed: 1 },
  ...{ CommandRegistered: 1, CommandExecuted: 1, CommandDropped: 1 },
  ...{ RangesCut: 1, RangesAcquired: 1, RangesReported: 1, RangesReleased: 1, RangesMerged: 1 },
  ...{ RangesDiscarded: 1, CloneChosen: 1 },
  ...{ HarvesterSeen: 1, WorkersReported: 1, PilotReported: 1, WorkersCounted: 1, ServiceMeasured: 1 },
  ...{ DialogsAdded: 1, CommandIssued: 1, CommandsRetrieved: 1, CommandsAcknowledged: 1 },
  ...{ QueueConfigured: 1, QueueRemoved: 1, SlotsTargeted: 1, SlotsReleased: 1 },
  ...{ WorkerNodeSeen: 1, WorkerNodeGpuSeen: 1, SharesConfigured: 1, ResourceTypesConfigured: 1 },
  ...{ RetryRulesConfigured: 1 },
  ...{ UserConfigured: 1, UserRemoved: 1, VoConfigured: 1, VoRemoved: 1, StorageConfigured: 1, StorageRemoved: 1 },
  ...{ CacheFileStored: 1, CacheFileAppended: 1, CacheFileTouched: 1, CacheFileDeleted: 1 },
  ...{ CacheFileRegistered: 1, CacheFilesExpired: 1, OperatorRequestMade: 1, UserSecretsSealed: 1 },
  ...{ BatchAbandoned: 1 },
};
