import { ICEPROD_EVENT_VERSIONS, type IceprodEventTypes } from '#contracts/iceprod/event-types.js';
import { GROUP, type SaidOf, type SamplesOf, tellSample, UNIT } from '../../timeline/testing/samples.js';

const rule = { read_groups: ['users'], write_groups: ['admin'], read_users: ['bob'], write_users: ['bob'] };
const submitted = {
  ...{ workload_id: 'd1', status: 'processing', priority: 0.5, access: rule, submitter: 'bob', dataset: 21001 },
  ...{ description: 'test', jobs_submitted: 100, tasks_submitted: 200, tasks_per_job: 2, group: 'users' },
  ...{ username: 'bob', debug: false, jobs_immutable: false, always_active: false },
};
const blob = { key: 'log/1', size: 120, sha256: 'aa' };
const workload = { type: 'WorkloadSubmitted', data: submitted };
const job = {
  type: 'GroupsAdded',
  data: { ...GROUP, workload_id: 'd1', first_index: 3, status: 'processing', ids: { id: 'j1' } },
};
const shapes = [
  { name: 'generate', depends: [], requirements: '{"memory":1.0}', status: 'idle', priority: 0.5 },
  { name: 'filter', depends: [0], requirements: '{"memory":2.50,"gpu":1}', status: 'idle', priority: 0.5 },
];
const added: IceprodEventTypes['UnitsAdded'] = {
  ...{ units: [[0, 7]], workload_id: 'd1', prefix: 'f'.repeat(24), shapes },
  group_ids: { prefix: 'e'.repeat(24), first: 0, first_index: 10 },
};
const task = { type: 'UnitsAdded', data: added };
const claimed = { type: 'UnitsClaimed', data: { ...UNIT, status: 'queued', lease_id: 'l1', holder: 'p', site: 'UW' } };
const pilot = { type: 'WorkerStarted', data: { worker_id: 'p1', description: '{"host":"n1","resources":{"cpu":1}}' } };
const ended = { type: 'WorkerEnded', data: { worker_id: 'p1', reason: 'expired', units: ['t1'], silent_seconds: 90 } };
const grid = { type: 'SiteRegistered', data: { site_id: 'g1', username: 'bob', description: '{"host":"n1"}' } };
const credential = {
  ...{ credential_id: 'c2', owner: { dialect: 'iceprod', workload_id: 'd1' } as const, url: 'https://s3.example' },
  ...{ type: 's3', key_id: 'k' },
};

const samples: SamplesOf<IceprodEventTypes> = {
  WorkloadSubmitted: { kind: 'workload', data: submitted },
  WorkloadMoved: {
    kind: 'workload',
    prior: [workload],
    data: { status: 'suspended', forced: true, reason: 'no config arrived in time' },
  },
  WorkloadPrioritized: { kind: 'workload', prior: [workload], data: { priority: 0.75 } },
  DatasetTruncated: { kind: 'workload', prior: [workload], data: {} },
  DatasetDescribed: { kind: 'workload', prior: [workload], data: { description: 'better' } },
  DatasetExtended: { kind: 'workload', prior: [workload], data: { jobs_submitted: 150, tasks_submitted: 300 } },
  ConfigSet: {
    kind: 'workload',
    prior: [{ type: 'ConfigSet', data: { config: '{"version":3.0}' } }],
    data: { config: '{"version":3.10}' },
  },
  DatasetNumberReserved: { data: { dataset: 21001 } },
  AccessRuleSet: { kind: 'access', prior: [workload], data: { read_groups: [], write_users: ['bob', 'eve'] } },
  GroupsAdded: {
    kind: 'group',
    data: { ...GROUP, workload_id: 'd1', first_index: 3, status: 'processing', ids: { id: 'j1' } },
  },
  GroupsMoved: { kind: 'group', prior: [job], data: { groups: [[0, 9]], status: 'suspended' } },
  GroupAmended: { kind: 'group', prior: [job], data: { ...GROUP, fields: '{"job_index":4,"note.by":"bob"}' } },
  UnitAdded: {
    kind: 'unit',
    data: {
      ...{ ...UNIT, workload_id: 'd1', unit_id: 't1', group_id: 'j1', group_index: 3, index: 0, name: 'generate' },
      ...{ depends: [], requirements: '{"memory":1.0}', status: 'idle', priority: 0.5 },
    },
  },
  UnitsAdded: { kind: 'unit', data: added },
  UnitsClaimed: {
    kind: 'unit',
    prior: [task],
    data: { units: [[1, 2], [7, 7]], status: 'queued', lease_id: 'l1', holder: 'pilot-7', site: 'UW' }, // prettier-ignore
  },
  UnitStarted: { kind: 'unit', prior: [task, claimed], data: { ...UNIT, status: 'processing', site: 'UW' } },
  UnitFailed: {
    kind: 'unit',
    prior: [task, claimed],
    data: { ...UNIT, status: 'reset', hours: 1.5, requirements: '{"memory":4.0}', site: 'UW', reason: 'out of memory' },
  },
  UnitSucceeded: {
    kind: 'unit',
    prior: [task, claimed],
    data: { ...UNIT, status: 'complete', hours: 2.25, site: 'UW' },
  },
  UnitsMoved: {
    kind: 'unit',
    prior: [task, claimed],
    data: { units: [[0, 99]], status: 'suspended', clears: ['lease', 'site', 'failures'] },
  },
  UnitsEvicted: {
    kind: 'unit',
    prior: [task, claimed, ended],
    data: { ...UNIT, status: 'waiting', reason: 'pilot lost' },
  },
  UnitAmended: { kind: 'unit', prior: [task], data: { ...UNIT, fields: '{"requirements.memory":8.0,"note":"x"}' } },
  TaskRequirementsSet: {
    kind: 'unit',
    prior: [task],
    data: { units: [[1, 7]], name: 'filter', mode: 'replace', requirements: '{"memory":2,"time":1.0}' },
  },
  TasksPrioritized: { kind: 'unit', prior: [task], data: { units: [[0, 99]], weight: 0.25, jobs: 1000, tasks: 2000 } },
  TaskStatRecorded: {
    kind: 'unit',
    data: { ...UNIT, task_stat_id: 's1', task_id: 't1', dataset_id: 'd1', stats: { raw: '{"exit":0.0}' } },
  },
  FileAdded: {
    kind: 'unit',
    data: {
      ...{ ...UNIT, dataset_id: 'd1', task_id: 't1' },
      file: { movement: 'output', remote: 'gsiftp://x/y', local: 'y', transfer: true, compression: false },
    },
  },
  FilesRemoved: {
    kind: 'unit',
    prior: [{ type: 'FileAdded', data: { ...UNIT, file: { movement: 'input', remote: 'a' } } }],
    data: { ...UNIT, dataset_id: 'd1', task_id: 't1' },
  },
  LogStored: {
    kind: 'unit',
    data: { ...UNIT, log_id: 'l1', dataset_id: 'd1', task_id: 't1', name: 'stderr', fields: '{}', body: blob },
  },
  LogsDeleted: { data: { logs: ['l1', 'l2'] } },
  RequestQueued: {
    data: {
      request_id: 'r1',
      action: 'materialization',
      dataset_id: 'd1',
      arguments: { raw: '{}' },
      creator: 'bob',
      role: 'user',
    },
  },
  RequestStarted: { data: { request_id: 'r1' } },
  RequestPaused: { data: { request_id: 'r1' } },
  JobsPlanned: { data: { request_id: 'r1', dataset_id: 'd1', from: 0, to: 99 } },
  RequestProgressed: { data: { request_id: 'r1', progress: 40 } },
  RequestCompleted: { data: { request_id: 'r1', results: '{}' } },
  RequestFailed: { data: { request_id: 'r1', message: 'no config' } },
  SiteRegistered: { kind: 'site', data: { site_id: 'g1', username: 'bob', description: '{"host":"n1"}' } },
  SiteReported: { kind: 'site', prior: [grid], data: { site_id: 'g1', fields: '{"queues":{"gpu":1.0}}' } },
  WorkerStarted: { kind: 'worker', data: { worker_id: 'p1', description: '{"host":"n1"}', holder: 'worker-3' } },
  WorkerReported: {
    kind: 'worker',
    prior: [pilot],
    data: { worker_id: 'p1', fields: '{"resources.cpu":0,"tasks":["t1"]}' },
  },
  WorkerEnded: {
    kind: 'worker',
    prior: [pilot],
    data: { worker_id: 'p1', reason: 'expired', units: ['t1'], silent_seconds: 90 },
  },
  WorkerUnitsReleased: { kind: 'worker', prior: [pilot, ended], data: { worker_id: 'p1', evicted: 1 } },
  CredentialStored: { data: { ...credential, replaces: [] } },
  CredentialDeleted: { data: credential },
  BatchAbandoned: { data: { batchId: 'b', firstRevision: 3 } },
};

const expected: SaidOf<IceprodEventTypes> = {
  WorkloadSubmitted: {
    says: 'alice submitted the dataset d1 for bob.',
    changes: {
      dataset_id: [undefined, 'd1'],
      status: [undefined, 'processing'],
      priority: [undefined, 0.5],
      dataset: [undefined, 21001],
      description: [undefined, 'test'],
      jobs_submitted: [undefined, 100],
      tasks_submitted: [undefined, 200],
      tasks_per_job: [undefined, 2],
      group: [undefined, 'users'],
      username: [undefined, 'bob'],
      debug: [undefined, false],
      jobs_immutable: [undefined, false],
      always_active: [undefined, false],
      read_groups: [undefined, ['users']],
      write_groups: [undefined, ['admin']],
      read_users: [undefined, ['bob']],
      write_users: [undefined, ['bob']],
    },
  },
  WorkloadMoved: {
    says: 'alice set the dataset to suspended, though its status did not allow it: no config arrived in time.',
    changes: { status: ['processing', 'suspended'] },
  },
  WorkloadPrioritized: { says: 'alice gave the dataset the priority 0.75.', changes: { priority: [0.5, 0.75] } },
  AccessRuleSet: {
    says: 'alice set who has access: read_groups nothing; write_users bob, eve.',
    changes: { read_groups: [['users'], []], write_users: [['bob'], ['bob', 'eve']] },
  },
  DatasetTruncated: {
    says: 'alice truncated the dataset: no more jobs are made.',
    changes: { truncated: [undefined, true] },
  },
  DatasetDescribed: {
    says: 'alice gave the dataset another description.',
    changes: { description: ['test', 'better'] },
  },
  DatasetExtended: {
    says: 'alice enlarged the dataset to 150 jobs and 300 tasks.',
    changes: { jobs_submitted: [100, 150], tasks_submitted: [200, 300] },
  },
  ConfigSet: {
    says: 'alice stored the config of the dataset.',
    changes: { config: [{ version: 3 }, { version: 3.1 }] },
  },
  DatasetNumberReserved: { says: 'alice reserved the number 21001 for a dataset.' },
  GroupsAdded: {
    says: 'alice added the job.',
    changes: {
      job_id: [undefined, 'j1'],
      dataset_id: [undefined, 'd1'],
      job_index: [undefined, 3],
      status: [undefined, 'processing'],
    },
  },
  GroupsMoved: { says: 'alice set the job to suspended.', changes: { status: ['processing', 'suspended'] } },
  GroupAmended: {
    says: 'alice overwrote job_index, note.by of the job.',
    changes: { job_index: [3, 4], note: [undefined, { by: 'bob' }] },
  },
  UnitAdded: {
    says: 'alice added the task.',
    changes: {
      site: [undefined, ''],
      failures: [undefined, 0],
      evictions: [undefined, 0],
      walltime: [undefined, 0],
      walltime_err: [undefined, 0],
      walltime_err_n: [undefined, 0],
      dataset_id: [undefined, 'd1'],
      task_id: [undefined, 't1'],
      job_id: [undefined, 'j1'],
      job_index: [undefined, 3],
      instance_id: [undefined, ''],
      task_index: [undefined, 0],
      name: [undefined, 'generate'],
      depends: [undefined, []],
      status: [undefined, 'idle'],
      priority: [undefined, 0.5],
      requirements: [undefined, { memory: 1 }],
    },
  },
  UnitsAdded: {
    says: 'alice added the task.',
    changes: {
      site: [undefined, ''],
      failures: [undefined, 0],
      evictions: [undefined, 0],
      walltime: [undefined, 0],
      walltime_err: [undefined, 0],
      walltime_err_n: [undefined, 0],
      dataset_id: [undefined, 'd1'],
      task_id: [undefined, 'ffffffffffffffffffffffff00000007'],
      job_id: [undefined, 'eeeeeeeeeeeeeeeeeeeeeeee00000003'],
      job_index: [undefined, 13],
      instance_id: [undefined, ''],
      task_index: [undefined, 1],
      name: [undefined, 'filter'],
      depends: [undefined, ['ffffffffffffffffffffffff00000006']],
      status: [undefined, 'idle'],
      priority: [undefined, 0.5],
      requirements: [undefined, { memory: 2.5, gpu: 1 }],
    },
  },
  UnitsClaimed: {
    says: 'alice claimed the task at UW for pilot-7.',
    changes: { status: ['idle', 'queued'], instance_id: ['', 'l1'], site: ['', 'UW'] },
  },
  UnitStarted: { says: 'alice started to run the task at UW.', changes: { status: ['queued', 'processing'] } },
  UnitFailed: {
    says: 'alice reported that the task failed at UW after 1.5 h, now reset: out of memory.',
    changes: {
      status: ['queued', 'reset'],
      instance_id: ['l1', ''],
      failures: [0, 1],
      walltime_err: [0, 1.5],
      walltime_err_n: [0, 1],
      requirements: [{ memory: 2.5, gpu: 1 }, { memory: 4 }],
    },
  },
  UnitSucceeded: {
    says: 'alice reported that the task succeeded at UW after 2.25 h, now complete.',
    changes: { status: ['queued', 'complete'], walltime: [0, 2.25], instance_id: ['l1', ''] },
  },
  UnitsMoved: {
    says: 'alice set the task to suspended and cleared lease, site, failures.',
    changes: { status: ['queued', 'suspended'], instance_id: ['l1', ''], site: ['UW', ''] },
  },
  UnitsEvicted: {
    says: 'alice took the task back from the pilot, now waiting: pilot lost.',
    changes: { status: ['queued', 'waiting'], instance_id: ['l1', ''], evictions: [0, 1] },
  },
  UnitAmended: {
    says: 'alice overwrote requirements.memory, note of the task.',
    changes: {
      requirements: [
        { memory: 2.5, gpu: 1 },
        { memory: 8, gpu: 1 },
      ],
      note: [undefined, 'x'],
    },
  },
  TaskRequirementsSet: {
    says: 'alice replaced requirements of the task: memory, time.',
    changes: {
      requirements: [
        { memory: 2.5, gpu: 1 },
        { memory: 2.5, time: 1 },
      ],
    },
  },
  TasksPrioritized: {
    says: 'alice worked out priorities of the task from the weight 0.25 of the dataset.',
    changes: { priority: [0.5, 1] },
  },
  TaskStatRecorded: { says: 'alice recorded statistics of a run of the task.' },
  FileAdded: {
    says: 'alice named the output file gsiftp://x/y for the task.',
    changes: {
      files: [
        undefined,
        [{ movement: 'output', remote: 'gsiftp://x/y', local: 'y', transfer: true, compression: false }],
      ],
    },
  },
  FilesRemoved: {
    says: 'alice took all files off the list of the task.',
    changes: { files: [[{ movement: 'input', remote: 'a' }], []] },
  },
  LogStored: { says: 'alice stored the log stderr (120 bytes) of the task t1.' },
  LogsDeleted: { says: 'alice deleted 2 logs.' },
  RequestQueued: { says: 'alice asked for materialization of the dataset d1 (request r1).' },
  RequestStarted: { says: 'alice began to work on the request r1.' },
  RequestPaused: { says: 'alice stopped work on the request r1 for now, because Cairn stopped.' },
  JobsPlanned: { says: 'alice settled that the dataset d1 gets the jobs 0 to 99.' },
  RequestProgressed: { says: 'alice brought the request r1 to 40 %.' },
  RequestCompleted: { says: 'alice completed the request r1.' },
  RequestFailed: { says: 'alice could not carry out the request r1: no config.' },
  SiteRegistered: {
    says: 'alice registered the grid g1 for bob.',
    changes: { grid_id: [undefined, 'g1'], username: [undefined, 'bob'], host: [undefined, 'n1'] },
  },
  SiteReported: { says: 'alice reported queues of the grid.', changes: { queues: [undefined, { gpu: 1 }] } },
  WorkerStarted: {
    says: 'alice registered the pilot p1 for worker-3.',
    changes: { pilot_id: [undefined, 'p1'], host: [undefined, 'n1'] },
  },
  WorkerReported: {
    says: 'alice reported resources.cpu, tasks of the pilot.',
    changes: { resources: [{ cpu: 1 }, { cpu: 0 }], tasks: [undefined, ['t1']] },
  },
  WorkerEnded: {
    says: 'alice counted the pilot p1 as lost, because no heartbeat came for 90 s; it ran 1 task.',
    changes: { pilot_id: ['p1', undefined], host: ['n1', undefined], resources: [{ cpu: 1 }, undefined] },
  },
  WorkerUnitsReleased: {
    says: 'alice released the tasks of the ended pilot; 1 had still been running.',
    why: ['WorkerEnded'],
  },
  CredentialStored: { says: 'alice stored a credential (s3) of d1 for https://s3.example.' },
  CredentialDeleted: { says: 'alice deleted a credential of d1 for https://s3.example.' },
  BatchAbandoned: { says: 'alice gave up a large change that its owner had not finished: nothing of it took effect.' },
};

const TYPES = Object.keys(ICEPROD_EVENT_VERSIONS) as (keyof IceprodEventTypes)[];

it.each(TYPES)('%s has a sentence, and says what it changes', (type) => {
  expect(tellSample('work-iceprod.main.7', type, samples[type])).toEqual(expected[type]);
});
