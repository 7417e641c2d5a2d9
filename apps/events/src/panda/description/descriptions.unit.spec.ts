import { PANDA_EVENT_VERSIONS, type PandaEventTypes } from '#contracts/panda/event-types.js';
import { DEFAULT_SHARES } from '#contracts/panda/queues.js';
import { type SaidOf, type SamplesOf, tellSample, UNIT } from '../../timeline/testing/samples.js';

const blob = { key: 'panda-cache/1', size: 1, sha256: 'aa' };
const registration = { host: 'h', file_name: 'sandbox.tgz', user_name: 'bob', file_size: 3, checksum: '12' };
const task = {
  type: 'TaskSubmitted',
  data: { workload_id: '7', task_id: 7, set: { taskName: 'user.bob.x', status: 'registered', taskPriority: 900 } },
} as const;
const created: PandaEventTypes['JobsCreated'] = {
  units: [[6, 7]], // prettier-ignore
  ...{ workload_id: '7', kind: 'run', status: 'activated', site: 'CERN', label: 'user', priority: 1000 },
  requirements: '{"ram":2000}',
  common: { jediTaskID: 7, attemptNr: 1 },
  jobs: [
    { panda_id: 70, set: {}, files: [], takes: [] },
    { panda_id: 71, set: { attemptNr: 2 }, files: [], takes: [] },
  ],
};
const jobs = { type: 'JobsCreated', data: created };
const command = {
  type: 'CommandRegistered',
  data: { command: 'kill', options: '{"soft":false}', by: 'bob', is_production: false },
} as const;
const dataset = { dataset_id: 5, name: 'data.in', type: 'input', status: 'defined' } as const;
const queue = {
  ...{
    name: 'CERN',
    document: '{"status":"online","maxrss":2000}',
    status: 'online',
    state: 'ACTIVE',
    type: 'unified',
  },
  ...{ capability: 'ucore', cloud: 'CERN', site: 'CERN', cores: 1, maxrss: 2000, minrss: 0, meanrss: 0, maxwdir: 0 },
  ...{ maxtime: 0, mintime: 0, workflow: 'pull_ups', harvester: 'h1' },
};
const harvester = { harvester_id: 'h1' };
const node: PandaEventTypes['WorkerNodeSeen']['node'] = {
  ...{ site: 'CERN', host_name: 'n1', cpu_model: 'Xeon', cpu_model_normalized: 'xeon', n_logical_cpus: 8 },
  ...{ n_sockets: 1, cores_per_socket: 8, threads_per_core: 1, cpu_architecture: 'x86_64' },
  ...{ cpu_architecture_level: 'v3', clock_speed: 2000, total_memory: 16000, total_local_disk: 100 },
};

const samples: SamplesOf<PandaEventTypes> = {
  TaskSubmitted: { kind: 'workload', data: task.data },
  TaskMoved: {
    kind: 'workload',
    prior: [task, command],
    data: { status: 'aborting', set: { superStatus: 'aborting' }, reason: 'user asked', command: 'kill' },
  },
  TaskAmended: { kind: 'workload', prior: [task], data: { set: { taskPriority: 800, goal: 90 }, reason: 'boosted' } },
  TextStored: { kind: 'workload', data: { name: 'parameters', text: '{"a":', goes_on: true } },
  TextContinued: {
    kind: 'workload',
    prior: [{ type: 'TextStored', data: { name: 'parameters', text: '{"a":', goes_on: true } }],
    data: { name: 'parameters', text: '1.0}' },
  },
  DatasetsAdded: { kind: 'workload', data: { datasets: [dataset] } },
  DatasetsMoved: {
    kind: 'workload',
    prior: [{ type: 'DatasetsAdded', data: { datasets: [dataset] } }],
    data: { datasets: [5], status: 'ready', files_to_be_used: 10 },
  },
  FilesAdded: {
    data: { dataset_id: 5, first_file_id: 1, pseudo: { lfn: 'pseudo', count: 12 }, status: 'ready', max_attempt: 3 },
  },
  FilesReopened: { data: { files: [[1, 4]], add_attempts: 1 } },
  FilesAmended: { data: { files: [[1, 1]], status: 'lost' } },
  JobsCreated: { kind: 'unit', data: created },
  JobFilesAdded: {
    kind: 'unit',
    data: { ...UNIT, files: [{ row_ID: 1, type: 'input', lfn: 'f', status: 'ready' }], takes: [] },
  },
  JobsAmended: {
    kind: 'unit',
    prior: [jobs],
    data: { ...UNIT, set: { maxRSS: 2100, attemptNr: 2 }, kind: 'heartbeat' },
  },
  JobsPrioritized: { kind: 'unit', prior: [jobs], data: { ...UNIT, priority: 1500 } },
  JobsPlaced: {
    kind: 'unit',
    prior: [jobs],
    data: { units: [[1, 7]], site: 'BNL', requirements: '{"ram":4000}', set: { cloud: 'US' } },
  },
  UnitsClaimed: {
    kind: 'unit',
    prior: [jobs],
    data: {
      ...{ ...UNIT, status: 'sent', lease_id: 'l', holder: 'pilot', site: 'CERN', set: { batchID: 'b1' } },
      worker: { harvester_id: 'h1', worker_id: 3 },
    },
  },
  UnitStarted: {
    kind: 'unit',
    prior: [jobs],
    data: { ...UNIT, status: 'running', set: { startTime: '2026-01-01T00:00:00' } },
  },
  UnitsMoved: {
    kind: 'unit',
    prior: [jobs],
    data: { ...UNIT, status: 'holding', set: { jobSubStatus: 'adder' }, final: 'finished', report: '{}' },
  },
  UnitSucceeded: {
    kind: 'unit',
    prior: [jobs],
    data: { ...UNIT, status: 'finished', end: { set: { endTime: '2026-01-01T01:00:00' }, inputs: 'finished' } },
  },
  UnitFailed: {
    kind: 'unit',
    prior: [jobs],
    data: {
      ...UNIT,
      status: 'failed',
      reason: 'lost heartbeat',
      end: { set: { taskBufferErrorCode: 100 }, inputs: 'failed' },
    },
  },
  CommandRegistered: { kind: 'workload', data: command.data },
  CommandExecuted: { kind: 'workload', prior: [task, command], data: { command: 'kill' } },
  CommandDropped: { kind: 'workload', prior: [command], data: { command: 'kill', reason: 'the task is done' } },
  RangesCut: {
    data: {
      ...{ jobset_id: 9, first: 0, attempts: 3 },
      records: [{ file_id: 1, dataset_id: 5, first_event: 1, last_event: 100, size: 10 }],
    },
  },
  RangesAcquired: { kind: 'unit', data: { ...UNIT, panda_id: 71, ranges: [[0, 4]] } },
  RangesReported: {
    data: { panda_id: 71, reports: [{ ranges: [[0, 3]], status: 'finished' }, { ranges: [[4, 4]], status: 'failed' }] }, // prettier-ignore
  },
  RangesReleased: { data: { panda_id: 71 } },
  RangesMerged: { data: { jobset_id: 9 } },
  RangesDiscarded: { data: { files: [[1, 2]], keeps_finished: true } },
  CloneChosen: { data: { jobset_id: 9, panda_id: 71 } },
  HarvesterSeen: { kind: 'worker', data: { ...harvester, owner: '/CN=h', host: 'hv', sw_version: '0.6' } },
  WorkersReported: {
    kind: 'worker',
    id: 'h1',
    prior: [
      {
        type: 'WorkersReported',
        data: { ...harvester, workers: [{ worker_id: 3, set: { status: 'submitted' }, jobs: [70] }] },
      },
    ],
    data: { ...harvester, workers: [{ worker_id: 3, set: { status: 'running' }, adds_jobs: [71] }] },
  },
  PilotReported: { kind: 'worker', id: 'h1', data: { ...harvester, worker_id: 3, status: 'started', node_id: 'n1' } },
  WorkersCounted: {
    kind: 'worker',
    data: { ...harvester, queue: 'CERN', statistics: '{"user":{"SCORE":{"running":1}}}' },
  },
  ServiceMeasured: { kind: 'worker', data: { ...harvester, metrics: [{ time: 't', host: 'h', metrics: '{}' }] } },
  DialogsAdded: {
    kind: 'worker',
    data: {
      ...harvester,
      dialogs: [{ diag_id: 1, module: 'm', identifier: null, time: null, level: 'ERROR', message: 'disk full' }],
    },
  },
  CommandIssued: {
    kind: 'worker',
    data: { ...harvester, command_id: 4, command: 'REPORT_WORKER_STATS', params: '{"n":1.0}', ack_requested: true },
  },
  CommandsRetrieved: {
    kind: 'worker',
    prior: [
      { type: 'CommandIssued', data: { ...harvester, command_id: 4, command: 'X', params: '', ack_requested: true } },
    ],
    data: { ...harvester, command_ids: [4] },
  },
  CommandsAcknowledged: {
    kind: 'worker',
    prior: [{ type: 'CommandsRetrieved', data: { ...harvester, command_ids: [4] } }],
    data: { ...harvester, command_ids: [4] },
  },
  QueueConfigured: {
    kind: 'site',
    id: 'CERN',
    prior: [{ type: 'QueueConfigured', data: { queue: { ...queue, document: '{"status":"offline","old":1}' } } }],
    data: { queue },
  },
  QueueRemoved: {
    kind: 'site',
    id: 'CERN',
    prior: [{ type: 'QueueConfigured', data: { queue } }],
    data: { name: 'CERN' },
  },
  SlotsTargeted: {
    kind: 'site',
    data: { queue: 'CERN', share: 'Test', resource_type: null, slots: 20, expires_micros: null },
  },
  SlotsReleased: {
    kind: 'site',
    prior: [
      {
        type: 'SlotsTargeted',
        data: { queue: 'CERN', share: 'Test', resource_type: null, slots: 20, expires_micros: null },
      },
    ],
    data: { queue: 'CERN', share: 'Test', resource_type: null },
  },
  WorkerNodeSeen: { kind: 'site', data: { node, queue: 'CERN' } },
  WorkerNodeGpuSeen: {
    kind: 'site',
    data: {
      gpu: {
        ...{ site: 'CERN', host_name: 'n1', vendor: 'NVIDIA', model: 'A100', count: 2, vram: 40_000 },
        ...{ architecture: null, framework: 'CUDA', framework_version: '12', driver_version: '5' },
      },
    },
  },
  SharesConfigured: { data: { shares: DEFAULT_SHARES, from_document: 'abc' } },
  ResourceTypesConfigured: { data: { resource_types: [] } },
  RetryRulesConfigured: { data: { retry_rules: [] } },
  UserConfigured: { kind: 'person', data: { user: { name: 'bob', flags: '', status: 'disabled', email: null } } },
  UserRemoved: {
    kind: 'person',
    prior: [{ type: 'UserConfigured', data: { user: { name: 'bob', flags: '', status: 'disabled', email: null } } }],
    data: { name: 'bob' },
  },
  VoConfigured: {
    data: {
      vo: {
        name: 'atlas',
        issuers: [],
        members: [],
        production_groups: [],
        pilot_groups: [],
        auto_roles: [],
        robots: [],
        client: null,
      },
    },
  },
  VoRemoved: { data: { name: 'atlas' } },
  StorageConfigured: { data: { name: 'CERN_DATADISK', document: '{}' } },
  StorageRemoved: { data: { name: 'CERN_DATADISK', from_document: '' } },
  CacheFileStored: { data: { path: 'sandbox.tgz', owner: 'bob', blob, registration } },
  CacheFileAppended: { data: { path: 'jedilog/a', owner: 'bob', blob } },
  CacheFileTouched: { data: { path: 'sandbox.tgz' } },
  CacheFileDeleted: { data: { path: 'sandbox.tgz' } },
  CacheFileRegistered: { data: { registration } },
  CacheFilesExpired: { data: { paths: ['a', 'b'], registrations: [{ host: 'h', file_name: 'c' }] } },
  OperatorRequestMade: { data: { request_id: 'r', kind: 'file_recovery', user_name: 'bob', blob } },
  UserSecretsSealed: { kind: 'person', data: { owner: 'bob', secrets_id: 's1' } },
  BatchAbandoned: { data: { batchId: 'b', firstRevision: 3 } },
};

const expected: SaidOf<PandaEventTypes> = {
  TaskSubmitted: {
    says: 'alice submitted the task 7 (user.bob.x).',
    changes: {
      jediTaskID: [undefined, 7],
      taskName: [undefined, 'user.bob.x'],
      status: [undefined, 'registered'],
      taskPriority: [undefined, 900],
    },
  },
  TaskMoved: {
    says: 'alice set the task to aborting by the command kill: user asked.',
    changes: { status: ['registered', 'aborting'], superStatus: [undefined, 'aborting'] },
    why: ['CommandRegistered'],
  },
  TaskAmended: {
    says: 'alice set taskPriority, goal of the task: boosted.',
    changes: { taskPriority: [900, 800], goal: [undefined, 90] },
  },
  TextStored: { says: 'alice stored the text parameters of the task (it goes on).' },
  TextContinued: {
    says: 'alice stored more of the text parameters of the task.',
    changes: { parameters: [undefined, '{"a":1.0}'] },
    why: ['TextStored'],
  },
  DatasetsAdded: {
    says: 'alice added 1 dataset: data.in.',
    changes: { 'dataset 5': [undefined, { dataset_id: 5, name: 'data.in', type: 'input', status: 'defined' }] },
  },
  DatasetsMoved: {
    says: 'alice gave 1 dataset the status ready, 10 files to be used.',
    changes: {
      'dataset 5': [
        { dataset_id: 5, name: 'data.in', type: 'input', status: 'defined' },
        { dataset_id: 5, name: 'data.in', type: 'input', status: 'ready', files_to_be_used: 10 },
      ],
    },
  },
  FilesAdded: { says: 'alice added 12 files to the dataset 5, ready.' },
  FilesReopened: { says: 'alice made 4 files ready to be used again.' },
  FilesAmended: { says: 'alice changed the attributes of 1 file, now lost.' },
  JobsCreated: {
    says: 'alice made the job to run the payload at CERN.',
    changes: {
      PandaID: [undefined, 71],
      jobStatus: [undefined, 'activated'],
      computingSite: [undefined, 'CERN'],
      prodSourceLabel: [undefined, 'user'],
      currentPriority: [undefined, 1000],
      jediTaskID: [undefined, 7],
      attemptNr: [undefined, 2],
      needs: [undefined, { ram: 2000 }],
    },
  },
  JobFilesAdded: { says: 'alice named 1 more file of the job.' },
  JobsAmended: { says: 'alice reported maxRSS, attemptNr of the job.', changes: { maxRSS: [undefined, 2100] } },
  JobsPrioritized: { says: 'alice gave the job the priority 1500.', changes: { currentPriority: [1000, 1500] } },
  JobsPlaced: {
    says: 'alice placed the job at BNL.',
    changes: { computingSite: ['CERN', 'BNL'], cloud: [undefined, 'US'], needs: [{ ram: 2000 }, { ram: 4000 }] },
  },
  UnitsClaimed: {
    says: 'alice claimed the job at CERN for pilot (worker 3 of h1).',
    changes: { jobStatus: ['activated', 'sent'], batchID: [undefined, 'b1'] },
  },
  UnitStarted: {
    says: 'alice started to run the job.',
    changes: { jobStatus: ['activated', 'running'], startTime: [undefined, '2026-01-01T00:00:00'] },
  },
  UnitsMoved: {
    says: 'alice set the job to holding, with finished reported as the end.',
    changes: {
      ...{ jobStatus: ['activated', 'holding'], jobSubStatus: [undefined, 'adder'] },
      report: [undefined, '{}'],
    },
  },
  UnitSucceeded: {
    says: 'alice reported that the job succeeded, now finished.',
    changes: { jobStatus: ['activated', 'finished'], endTime: [undefined, '2026-01-01T01:00:00'] },
  },
  UnitFailed: {
    says: 'alice reported that the job failed, now failed: lost heartbeat.',
    changes: { jobStatus: ['activated', 'failed'], taskBufferErrorCode: [undefined, 100] },
  },
  CommandRegistered: {
    says: 'alice registered the command kill of bob for the task.',
    changes: { command: [undefined, { command: 'kill', by: 'bob', options: { soft: false } }] },
  },
  CommandExecuted: {
    says: 'alice carried out the command kill.',
    changes: { command: [{ command: 'kill', by: 'bob', options: { soft: false } }, undefined] },
    why: ['CommandRegistered'],
  },
  CommandDropped: {
    says: 'alice dropped the command kill: the task is done.',
    changes: { command: [{ command: 'kill', by: 'bob', options: { soft: false } }, undefined] },
    why: ['CommandRegistered'],
  },
  RangesCut: { says: 'alice cut 1 record of the jobset 9 into event ranges, each with 3 attempts.' },
  RangesAcquired: { says: 'alice gave 5 event ranges to the job 71.' },
  RangesReported: { says: 'alice reported event ranges of the job 71: 4 finished, 1 failed.' },
  RangesReleased: { says: 'alice took the event ranges of the job 71 back at its end.' },
  RangesMerged: { says: 'alice counted the event ranges of the jobset 9 as merged.' },
  RangesDiscarded: { says: 'alice gave up the event ranges of 2 files.' },
  CloneChosen: { says: 'alice chose the job 71 among the clones of the jobset 9.' },
  HarvesterSeen: {
    says: 'alice sent a heartbeat of harvester h1 on hv.',
    changes: {
      harvester_id: [undefined, 'h1'],
      owner: [undefined, '/CN=h'],
      host: [undefined, 'hv'],
      sw_version: [undefined, '0.6'],
    },
  },
  WorkersReported: {
    says: 'alice reported 1 worker.',
    changes: {
      'worker 3': [
        { status: 'submitted', jobs: [70] },
        { status: 'running', jobs: [70, 71] },
      ],
    },
  },
  PilotReported: {
    says: 'alice reported that the pilot of worker 3 has started.',
    changes: { 'worker 3': [undefined, { pilot: 'started', nodeID: 'n1' }] },
  },
  WorkersCounted: {
    says: 'alice counted the workers of CERN.',
    changes: { 'workers of CERN': [undefined, { user: { SCORE: { running: 1 } } }] },
  },
  ServiceMeasured: { says: 'alice sent 1 measurement of the service.' },
  DialogsAdded: { says: 'alice sent 1 message: disk full.' },
  CommandIssued: {
    says: 'alice ordered REPORT_WORKER_STATS (command 4).',
    changes: { 'command REPORT_WORKER_STATS': [undefined, { command_id: 4, ack_requested: true, params: { n: 1 } }] },
  },
  CommandsRetrieved: { says: 'alice fetched the commands 4.', why: ['CommandIssued'] },
  CommandsAcknowledged: { says: 'alice acknowledged the commands 4.', why: ['CommandsRetrieved'] },
  QueueConfigured: {
    says: 'alice configured the queue CERN, online.',
    changes: { status: ['offline', 'online'], old: [1, undefined], maxrss: [undefined, 2000] },
  },
  QueueRemoved: {
    says: 'alice removed the queue CERN.',
    changes: { status: ['online', undefined], maxrss: [2000, undefined] },
  },
  SlotsTargeted: {
    says: 'alice asked for 20 slots at CERN for Test and any type.',
    changes: { 'slots of Test/any': [undefined, { slots: 20, expires_micros: null }] },
  },
  SlotsReleased: {
    says: 'alice let the number of slots at CERN be free again.',
    changes: { 'slots of Test/any': [{ slots: 20, expires_micros: null }, undefined] },
  },
  WorkerNodeSeen: {
    says: 'alice described the worker node n1 of CERN.',
    changes: {
      'node n1': [
        undefined,
        {
          site: 'CERN',
          host_name: 'n1',
          cpu_model: 'Xeon',
          cpu_model_normalized: 'xeon',
          n_logical_cpus: 8,
          n_sockets: 1,
          cores_per_socket: 8,
          threads_per_core: 1,
          cpu_architecture: 'x86_64',
          cpu_architecture_level: 'v3',
          clock_speed: 2000,
          total_memory: 16000,
          total_local_disk: 100,
        },
      ],
    },
  },
  WorkerNodeGpuSeen: {
    says: 'alice described 2 NVIDIA A100 of the worker node n1.',
    changes: {
      'gpu A100 of n1': [
        undefined,
        {
          site: 'CERN',
          host_name: 'n1',
          vendor: 'NVIDIA',
          model: 'A100',
          count: 2,
          vram: 40000,
          architecture: null,
          framework: 'CUDA',
          framework_version: '12',
          driver_version: '5',
        },
      ],
    },
  },
  SharesConfigured: { says: "alice configured 3 shares, as the operator's document says." },
  ResourceTypesConfigured: { says: 'alice configured 0 resource types.' },
  RetryRulesConfigured: { says: 'alice configured 0 rules for failed jobs.' },
  UserConfigured: {
    says: 'alice configured the user bob, disabled.',
    changes: { panda: [undefined, { name: 'bob', flags: '', status: 'disabled', email: null }] },
  },
  UserRemoved: {
    says: 'alice removed the entry of the user bob.',
    changes: { panda: [{ name: 'bob', flags: '', status: 'disabled', email: null }, undefined] },
  },
  VoConfigured: { says: 'alice configured the virtual organisation atlas.' },
  VoRemoved: { says: 'alice removed the virtual organisation atlas.' },
  StorageConfigured: { says: 'alice configured the storage CERN_DATADISK.' },
  StorageRemoved: { says: "alice removed the storage CERN_DATADISK, as the operator's document says." },
  CacheFileStored: { says: 'alice stored the file sandbox.tgz (1 byte).' },
  CacheFileAppended: { says: 'alice appended 1 byte to the file jedilog/a.' },
  CacheFileTouched: { says: 'alice used the file sandbox.tgz, so that it is kept longer.' },
  CacheFileDeleted: { says: 'alice deleted the file sandbox.tgz.' },
  CacheFileRegistered: { says: 'alice registered the file sandbox.tgz of h.' },
  CacheFilesExpired: { says: 'alice deleted 2 files and 1 registration that were too old.' },
  OperatorRequestMade: { says: 'alice asked the operators for file_recovery, for bob.' },
  UserSecretsSealed: { says: 'alice sealed secrets of bob.', changes: { secrets_id: [undefined, 's1'] } },
  BatchAbandoned: { says: 'alice gave up a large change that its owner had not finished: nothing of it took effect.' },
};

const TYPES = Object.keys(PANDA_EVENT_VERSIONS) as (keyof PandaEventTypes)[];

it.each(TYPES)('%s has a sentence, and says what it changes', (type) => {
  expect(tellSample('work-panda.main.7', type, samples[type])).toEqual(expected[type]);
});
