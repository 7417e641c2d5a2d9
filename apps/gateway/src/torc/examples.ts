import type { Examples } from '../route/example.js';

const job = {
  ...{ name: 'make', command: 'python make.py', status: 'ready' },
  ...{ cancel_on_blocking_job_failure: true, supports_termination: false },
  ...{ _key: '103', _id: 'jobs__97/103', _rev: '103-2' },
};

/** What the documentation of Torc's operations shows. */
export const EXAMPLES: Examples = {
  values: {
    workflow: '97',
    key: '103',
    status: 'done',
    rev: '103-2',
    run_id: 1,
    compute_node_key: '130',
    rr_key: '121',
    collection: 'jobs',
    edge: 'returned',
    timestamp: 1_772_357_251_020,
    name: 'make',
  },
  requests: {
    torcJoinByInboundEdge: {},
    torcJoinByOutboundEdge: { status: 'done' },
  },
  responses: {
    torcGetJobs: job,
    torcListJobs: { items: [job], skip: 0, max_limit: 100_000, count: 1, total_count: 1, has_more: false },
    torcPrepareJobsForSubmission: { jobs: [{ ...job, status: 'submitted_pending', _rev: '103-3' }], reason: '' },
    torcListCollectionNames: { names: ['events__97', 'scheduled_compute_nodes__97'] },
    torcPing: { message: 'Torc service is running' },
    torcVersion: { version: '0.6.4', cairn_version: '0.1.0' },
    torcGetDotGraph: { graph: 'strict digraph "job_job_dependencies" {\nnode [label="\\N"];\n}' },
  },
};
