import { TORC_EVENT_VERSIONS, type TorcEventTypes } from '#contracts/torc/event-types.js';
import { type SaidOf, type SamplesOf, tellSample, UNIT } from '../../timeline/testing/samples.js';

const created = {
  ...{ workload_id: '97', number: 1, workflow: '{"name":"w","user":"bob"}', config: '{"a":1.0}' },
  ...{ status: '{"run_id":0,"is_canceled":false}', next_ordinal: 1 },
};
const workflow = { type: 'WorkflowCreated', data: created };
const added: TorcEventTypes['JobsAdded'] = {
  units: [[6, 7]], // prettier-ignore
  workload_id: '97',
  jobs: [
    { document: '{"name":"a","command":"true"}', status: 'uninitialized' },
    { document: '{"name":"b","command":"sleep 1","priority":1}', status: 'uninitialized', key: 'mine' },
  ],
};
const jobs = { type: 'JobsAdded', data: added };
const event = { ordinal: 40, document: '{"category":"job"}' };
const end = {
  ...{ compute_node: 3, returned: 41, event, input_hash: 17, request_digest: 'd' },
  result: { ordinal: 42, document: '{"return_code":1,"exec_time_minutes":2.0}' },
};
const stored = {
  type: 'DocumentsStored',
  data: { collection: 'files', ordinals: [[2, 3]], documents: ['{"path":"/a"}', '{"path":"/b"}'], keys: { 3: 'mine' } },
};

const samples: SamplesOf<TorcEventTypes> = {
  WorkflowCreated: { kind: 'workload', data: created },
  WorkflowReplaced: {
    kind: 'workload',
    prior: [workflow],
    data: { part: 'status', document: '{"run_id":1}', request_digest: 'd', is_reset: true },
  },
  WorkflowDeleted: { kind: 'workload', prior: [workflow], data: { deletion: { client: '10.0.0.1', key: '97' } } },
  DocumentsStored: {
    kind: 'workload',
    data: { collection: 'files', ordinals: [[2, 3]], documents: ['{"path":"/a"}', '{"path":"/b"}'], keys: { 3: 'mine' } }, // prettier-ignore
  },
  DocumentReplaced: {
    kind: 'workload',
    prior: [stored],
    data: { collection: 'files', ordinal: 3, document: '{"path":"/c"}' },
  },
  DocumentContinued: {
    kind: 'workload',
    prior: [
      stored,
      { type: 'DocumentReplaced', data: { collection: 'files', ordinal: 2, document: '{"pa', goes_on: true } },
    ],
    data: { collection: 'files', ordinal: 2, text: 'th":1.0}' },
  },
  DocumentsDeleted: { kind: 'workload', prior: [stored], data: { collection: 'files', ordinals: [[2, 2], [3, 3]] } }, // prettier-ignore
  EdgesAdded: { data: { edge: 'blocks', ordinals: [[8, 9]], ends: [[6, 7], [6, 5]] } }, // prettier-ignore
  EdgesDeleted: { data: { edge: 'needs', ordinals: [[8, 8]] } },
  JobsAdded: { kind: 'unit', data: added },
  JobReplaced: {
    kind: 'unit',
    prior: [jobs],
    data: { ...UNIT, job: { document: '{"name":"b","command":"sleep 2"}', status: 'ready' } },
  },
  JobsInitialized: {
    kind: 'unit',
    prior: [jobs],
    data: { units: [[1, 7]], requirements: '{"num_cpus":1}', scheduler: 's', status: 'ready' },
  },
  UnitStarted: {
    kind: 'unit',
    prior: [jobs],
    data: { ...UNIT, status: 'submitted', run_id: 2, compute_node: 3, executed: 4, event, request_digest: 'd' },
  },
  UnitSucceeded: { kind: 'unit', prior: [jobs], data: { ...UNIT, ...end, status: 'done', outcome: '0', hours: 0.5 } },
  UnitFailed: { kind: 'unit', prior: [jobs], data: { ...UNIT, ...end, status: 'done', outcome: '1', hours: 0.25 } },
  UnitsMoved: { kind: 'unit', prior: [jobs], data: { ...UNIT, ...end, status: 'canceled' } },
  UnitsRemoved: { kind: 'unit', prior: [jobs], data: { units: [[0, 99]] } },
  UnitsLinked: { kind: 'unit', data: { ...UNIT, links: [[6, 7]] } },
  UnitsUnlinked: { kind: 'unit', data: { ...UNIT, links: [[6, 7], [5, 7]] } }, // prettier-ignore
  CompletionScriptHandedOut: { kind: 'workload', data: { hand_out: 'h' } },
  CompletionScriptSettled: {
    kind: 'workload',
    prior: [{ type: 'CompletionScriptHandedOut', data: { hand_out: 'h' } }],
    data: { hand_out: 'h', has_arrived: false },
  },
  ActionsAdded: { kind: 'workload', data: { actions: [{ number: 1, document: '{"kind":"run"}', jobs: [6] }] } },
  ActionClaimed: {
    kind: 'workload',
    prior: [{ type: 'ActionsAdded', data: { actions: [{ number: 1, document: '{"kind":"run"}', jobs: [6] }] } }],
    data: { number: 1, run_id: 2, worker: 'node1' },
  },
  ActionCompleted: {
    kind: 'workload',
    prior: [{ type: 'ActionClaimed', data: { number: 1, run_id: 2, worker: 'node1' } }],
    data: { number: 1, run_id: 2, worker: 'node1', is_successful: false },
  },
  AccessRuleSet: { kind: 'workload', data: { write_users: ['bob', 'eve'] } },
  BatchAbandoned: { data: { batchId: 'b', firstRevision: 3 } },
};

const expected: SaidOf<TorcEventTypes> = {
  WorkflowCreated: {
    says: 'alice created the workflow 97.',
    changes: {
      _key: [undefined, '97'],
      'workflow.name': [undefined, 'w'],
      'workflow.user': [undefined, 'bob'],
      'config.a': [undefined, 1],
      'status.run_id': [undefined, 0],
      'status.is_canceled': [undefined, false],
    },
  },
  WorkflowReplaced: {
    says: 'alice reset the status of the workflow.',
    changes: { 'status.run_id': [0, 1], 'status.is_canceled': [false, undefined] },
  },
  WorkflowDeleted: {
    says: 'alice deleted the workflow with everything that belonged to it.',
    changes: {
      _key: ['97', undefined],
      'workflow.name': ['w', undefined],
      'workflow.user': ['bob', undefined],
      'config.a': [1, undefined],
      'status.run_id': [0, undefined],
      'status.is_canceled': [false, undefined],
    },
  },
  DocumentsStored: {
    says: 'alice stored 2 documents of files (file).',
    changes: { 'files/2': [undefined, { path: '/a' }], 'files/mine': [undefined, { path: '/b' }] },
  },
  DocumentReplaced: {
    says: 'alice overwrote a document of files.',
    changes: { 'files/mine': [{ path: '/b' }, { path: '/c' }] },
  },
  DocumentContinued: {
    says: 'alice stored more of a document of files.',
    changes: { 'files/2': [{ path: '/a' }, { path: 1 }] },
    why: ['DocumentReplaced'],
  },
  DocumentsDeleted: {
    says: 'alice deleted 2 documents of files (file).',
    changes: { 'files/2': [{ path: '/a' }, undefined], 'files/mine': [{ path: '/b' }, undefined] },
  },
  EdgesAdded: { says: 'alice added 2 edges blocks.' },
  EdgesDeleted: { says: 'alice deleted 1 edge needs.' },
  JobsAdded: {
    says: 'alice added the job.',
    changes: {
      name: [undefined, 'b'],
      command: [undefined, 'sleep 1'],
      priority: [undefined, 1],
      _key: [undefined, 'mine'],
      status: [undefined, 'uninitialized'],
    },
  },
  JobReplaced: {
    says: 'alice overwrote the job.',
    changes: { command: ['sleep 1', 'sleep 2'], priority: [1, undefined], status: ['uninitialized', 'ready'] },
  },
  JobsInitialized: {
    says: 'alice initialized the job, now ready.',
    changes: {
      requirements: [undefined, { num_cpus: 1 }],
      scheduler_config_id: [undefined, 's'],
      status: ['uninitialized', 'ready'],
    },
  },
  UnitStarted: {
    says: 'alice started to run the job in run 2.',
    changes: { status: ['uninitialized', 'submitted'], run_id: [undefined, 2] },
  },
  UnitSucceeded: {
    says: 'alice reported that the job succeeded after 0.5 h, now done with return code 1.',
    changes: {
      status: ['uninitialized', 'done'],
      outcome: [undefined, '0'],
      result: [undefined, { return_code: 1, exec_time_minutes: 2 }],
      hash: [undefined, 17],
    },
  },
  UnitFailed: {
    says: 'alice reported that the job failed after 0.25 h, now done with return code 1.',
    changes: {
      status: ['uninitialized', 'done'],
      outcome: [undefined, '1'],
      result: [undefined, { return_code: 1, exec_time_minutes: 2 }],
      hash: [undefined, 17],
    },
  },
  UnitsMoved: {
    says: 'alice set the job to canceled.',
    changes: {
      status: ['uninitialized', 'canceled'],
      result: [undefined, { return_code: 1, exec_time_minutes: 2 }],
      hash: [undefined, 17],
    },
  },
  UnitsRemoved: {
    says: 'alice removed the job.',
    changes: {
      name: ['b', undefined],
      command: ['sleep 1', undefined],
      priority: [1, undefined],
      _key: ['mine', undefined],
      status: ['uninitialized', undefined],
    },
  },
  UnitsLinked: { says: 'alice made the job wait for others (1 link).' },
  UnitsUnlinked: { says: 'alice let the job wait for others no more (2 links).' },
  CompletionScriptHandedOut: { says: 'alice got the completion script of the workflow.' },
  CompletionScriptSettled: {
    says: 'alice found that the completion script has not arrived.',
    why: ['CompletionScriptHandedOut'],
  },
  ActionsAdded: {
    says: 'alice added 1 action to the workflow.',
    changes: { 'action 1': [undefined, { kind: 'run' }] },
  },
  ActionClaimed: { says: 'alice let node1 carry out the action 1 in run 2.', why: ['ActionsAdded'] },
  ActionCompleted: {
    says: 'alice told that node1 has carried out the action 1 in run 2, and that it failed.',
    why: ['ActionClaimed'],
  },
  AccessRuleSet: {
    says: 'alice set who has access: write_users bob, eve.',
    changes: { write_users: [undefined, ['bob', 'eve']] },
  },
  BatchAbandoned: { says: 'alice gave up a large change that its owner had not finished: nothing of it took effect.' },
};

const TYPES = Object.keys(TORC_EVENT_VERSIONS) as (keyof TorcEventTypes)[];

it.each(TYPES)('%s has a sentence, and says what it changes', (type) => {
  expect(tellSample('work-torc.main.7', type, samples[type])).toEqual(expected[type]);
});
