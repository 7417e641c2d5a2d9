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
  createDataset: ['WorkloadSubmitted'],
  setDatasetStatus: ['WorkloadMoved'],
  setDatasetDescription: ['DatasetDescribed'],
  setDatasetPriority: ['WorkloadPrioritized'],
  setDatasetJobsSubmitted: ['DatasetExtended'],
  hardResetDataset: ['WorkloadMoved'],
  truncateDataset: ['DatasetTruncated'],
  putConfig: ['ConfigSet'],
  putConfigOfDataset: ['ConfigSet'],
  addJob: ['GroupsAdded'],
  updateJob: ['GroupAmended'],
  setJobStatus: ['GroupsMoved'],
  setJobStatuses: ['GroupsMoved'],
  suspendJobs: GROUPS_MOVED,
  resetJobs: GROUPS_MOVED,
  hardResetJobs: GROUPS_MOVED,
  addTask: ['UnitAdded'],
  updateTask: ['UnitAmended'],
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
  deleteFilesOfTask: ['FilesRemoved'],
  registerGrid: ['SiteRegistered'],
  updateGrid: ['SiteReported'],
  createPilot: ['WorkerStarted'],
  updatePilot: ['WorkerReported'],
  setPilotTasks: ['WorkerReported'],
  deletePilot: ['WorkerEnded', 'WorkerUnitsReleased', 'UnitsEvicted'],
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
  createUserByName: ['UserCreated'],
  deleteUser: ['UserDeleted'],
  setUserPriority: ['UserPrioritized'],
  addUserToGroup: ['UserJoinedGroup'],
  setUserGroups: ['UserGroupsAssigned'],
  setUserRoles: ['UserRolesAssigned'],
  createGroup: ['GroupCreated'],
  deleteGroup: ['GroupDeleted'],
  putGroup: ['GroupCreated', 'GroupDescribed'],
  putRole: ['RoleDefined'],
  deleteRole: ['RoleDeleted'],
  storeUserCredential: STORED,
  updateUserCredential: STORED,
  deleteUserCredentials: DELETED,
  storeGroupCredential: STORED,
  updateGroupCredential: STORED,
  deleteGroupCredentials: DELETED,
  storeDatasetCredential: STORED,
  updateDatasetCredential: STORED,
  deleteDatasetCredentials: DELETED,
  storeTaskNameCredential: STORED,
  updateTaskNameCredential: STORED,
  deleteTaskNameCredentials: DELETED,
  createCredential: STORED,
};
