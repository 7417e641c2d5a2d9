import type { CredentialEvents } from '#contracts/credential-events.js';
import type { DirectoryEvents } from '#contracts/directory-events.js';
import type { DatasetEvents } from '#contracts/iceprod/dataset-events.js';
import type { RequestEvents } from '#contracts/iceprod/request-events.js';
import type { TaskEvents } from '#contracts/iceprod/task-events.js';
import type { GroupEvents, UnitEvents } from '#contracts/work-events.js';
import type { SiteEvents, WorkerEvents } from '#contracts/worker-events.js';
import type { AccessEvents } from '#contracts/workload-events.js';

type EventName =
  | keyof AccessEvents
  | keyof CredentialEvents
  | keyof DatasetEvents
  | keyof DirectoryEvents
  | keyof GroupEvents
  | keyof RequestEvents
  | keyof SiteEvents
  | keyof TaskEvents
  | keyof UnitEvents
  | keyof WorkerEvents
  | 'FileAdded'
  | 'FilesRemoved'
  | 'LogsDeleted'
  | 'LogStored'
  | 'TaskStatRecorded'
  | 'UserCreated'
  | 'UserDeleted'
  | 'UserGroupsAssigned'
  | 'UserJoinedGroup'
  | 'UserPrioritized'
  | 'UserRolesAssigned';

const STORED: readonly EventName[] = ['CredentialStored'];
const DELETED: readonly EventName[] = ['CredentialDeleted'];
const QUEUED: readonly EventName[] = ['RequestQueued'];
const MOVED: readonly EventName[] = ['UnitsMoved'];
const GROUPS_MOVED: readonly EventName[] = ['GroupsMoved', 'UnitsMoved'];

/**
 * The types of the events that operations record at once, by operation; for the documentation. What automation and queued
 * requests do later is recorded by them.
 */
export const RECORDED_EVENTS: Readonly<Record<string, readonly EventName[]>> = {
  submitDataset: ['WorkloadSubmitted'],
  setDatasetStatus: ['WorkloadMoved'],
  setDatasetDescription: ['DatasetDescribed'],
  setDatasetPriority: ['WorkloadPrioritized'],
  setDatasetJobsSubmitted: ['DatasetExtended'],
  hardResetDataset: ['WorkloadMoved'],
  truncateDataset: ['DatasetTruncated'],
  putConfig: ['ConfigSet'],
  putConfigOfDataset: ['ConfigSet'],
  addJob: ['GroupsAdded'],
  amendJob: ['GroupAmended'],
  setJobStatus: ['GroupsMoved'],
  setJobStatuses: ['GroupsMoved'],
  suspendJobs: GROUPS_MOVED,
  resetJobs: GROUPS_MOVED,
  hardResetJobs: GROUPS_MOVED,
  addTask: ['UnitAdded'],
  amendTask: ['UnitAmended'],
  setTaskStatus: MOVED,
  setTaskStatusOfDataset: MOVED,
  promoteTasks: MOVED,
  queueTask: ['UnitsClaimed'],
  queueTasks: ['UnitsClaimed'],
  processTask: ['UnitStarted'],
  reportTaskProcessing: ['UnitStarted'],
  resetTask: ['UnitFailed'],
  failTask: ['UnitFailed'],
  completeTask: ['UnitSucceeded'],
  setTaskStatuses: MOVED,
  setTaskStatusesOfDataset: MOVED,
  suspendTasks: MOVED,
  resetTasks: MOVED,
  hardResetTasks: MOVED,
  mergeRequirements: ['TaskRequirementsSet'],
  replaceRequirements: ['TaskRequirementsSet'],
  addTaskStat: ['TaskStatRecorded'],
  addLog: ['LogStored'],
  deleteLog: ['LogsDeleted'],
  addLogToDataset: ['LogStored'],
  deleteLogsOfDataset: ['LogsDeleted'],
  deleteLogsOfTask: ['LogsDeleted'],
  deleteLogsOfTaskAlias: ['LogsDeleted'],
  addFile: ['FileAdded'],
  addFileToTask: ['FileAdded'],
  removeFiles: ['FilesRemoved'],
  registerGrid: ['SiteRegistered'],
  reportGrid: ['SiteReported'],
  startPilot: ['WorkerStarted'],
  reportPilot: ['WorkerReported'],
  setPilotTasks: ['WorkerReported'],
  endPilot: ['WorkerEnded', 'WorkerUnitsReleased', 'UnitsEvicted'],
  requestSubmission: QUEUED,
  requestMaterialization: QUEUED,
  requestDatasetStatus: QUEUED,
  requestJobStatus: QUEUED,
  requestTaskStatus: QUEUED,
  requestConfigEdit: QUEUED,
  requestMaterializationOfDataset: QUEUED,
  requestLegacyMaterialization: QUEUED,
  requestLegacyMaterializationOfDataset: QUEUED,
  setAccessRule: ['AccessRuleSet'],
  createUser: ['UserCreated'],
  enrollUserByName: ['UserCreated'],
  deleteUser: ['UserDeleted'],
  prioritizeUser: ['UserPrioritized'],
  addUserToGroup: ['UserJoinedGroup'],
  assignUserGroups: ['UserGroupsAssigned'],
  assignUserRoles: ['UserRolesAssigned'],
  foundGroup: ['GroupCreated'],
  dissolveGroup: ['GroupDeleted'],
  describeGroup: ['GroupCreated', 'GroupDescribed'],
  defineRole: ['RoleDefined'],
  retireRole: ['RoleDeleted'],
  storeUserCredential: STORED,
  amendUserCredential: STORED,
  deleteUserCredentials: DELETED,
  storeGroupCredential: STORED,
  amendGroupCredential: STORED,
  deleteGroupCredentials: DELETED,
  storeDatasetCredential: STORED,
  amendDatasetCredential: STORED,
  deleteDatasetCredentials: DELETED,
  storeTaskNameCredential: STORED,
  amendTaskNameCredential: STORED,
  deleteTaskNameCredentials: DELETED,
  createCredential: STORED,
};
