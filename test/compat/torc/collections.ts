import type { Document } from './answers.js';

/** What a client may store in a collection (contract 2). */
export interface Sample {
  readonly collection: string;
  /** The least that is accepted. */
  readonly least: Document;
  /** The defaults that the answer to it has besides. */
  readonly defaults: Document;
  /** Another document, with every field; answered as it is. */
  readonly whole: Document;
  /** Fields with wrong values, each of which alone is refused. */
  readonly wrong: readonly Document[];
  /** Required fields. */
  readonly required: readonly string[];
  /** The filters of the list, each with the value that `whole` has. */
  readonly filters: Document;
}

const JOB_INTERNAL = {
  ...{ memory_bytes: 0, num_cpus: 0, num_gpus: 0, num_nodes: 0, runtime_seconds: 0, scheduler_config_id: '', hash: 0 },
};
const NODE_RESOURCES = { num_cpus: 4, memory_gb: 8.5 };
const WHOLE_RESOURCES = {
  ...{ num_cpus: 36, memory_gb: 92.25, num_gpus: 2, num_nodes: 1, time_limit: 'PT3H59M47.5S' },
  scheduler_config_id: 'slurm_schedulers__97/120',
};
const EXTREMES = { average: { rss: 510332928.5 }, minimum: { rss: 10485760 }, maximum: {} };

/** The 13 collections except events, which take any object. */
export const SAMPLES: readonly Sample[] = [
  {
    collection: 'aws_schedulers',
    least: {},
    defaults: {},
    whole: { name: 'burst' },
    wrong: [{ name: 1 }, { color: 'red' }, { name: null }],
    required: [],
    filters: { name: 'burst' },
  },
  {
    collection: 'compute_nodes',
    least: { hostname: 'h', pid: 1, start_time: 't', resources: NODE_RESOURCES },
    defaults: { resources: { ...NODE_RESOURCES, num_gpus: 0, num_nodes: 1, scheduler_config_id: '' }, scheduler: {} },
    whole: {
      ...{ hostname: 'node-07', pid: 4242, start_time: '2026-03-01 09:15:00.123456', duration_seconds: 10.5 },
      ...{ is_active: true, resources: WHOLE_RESOURCES },
      scheduler: { node_names: ['n'], environment_variables: { SLURM_JOB_ID: '880123' }, hpc_type: 'slurm' },
    },
    wrong: [
      ...[{ pid: 'x' }, { pid: 1.5 }, { resources: {} }, { resources: { num_cpus: 1 } }, { is_active: 'maybe' }],
      ...[{ hostname: 1 }, { scheduler: [] }, { resources: { ...NODE_RESOURCES, color: 1 } }, { hostname: null }],
      { resources: { ...NODE_RESOURCES, num_cpus: 1.5 } },
    ],
    required: ['hostname', 'pid', 'start_time', 'resources'],
    filters: { hostname: 'node-07', is_active: true },
  },
  {
    collection: 'compute_node_stats',
    least: { hostname: 'h', timestamp: 't', stats: [] },
    defaults: {},
    whole: {
      ...{ hostname: 'node-07', timestamp: '2026-03-01 13:14:40.005521' },
      stats: [{ resource_type: 'process', job_key: '103', ...EXTREMES, num_samples: 148 }],
    },
    wrong: [
      ...[{ stats: {} }, { stats: [{}] }, { timestamp: 5 }],
      { stats: [{ resource_type: 'cpu', ...EXTREMES, num_samples: 1.5 }] },
    ],
    required: ['hostname', 'timestamp', 'stats'],
    filters: { hostname: 'node-07' },
  },
  {
    collection: 'files',
    least: { path: 'a' },
    defaults: {},
    whole: { name: 'grid', path: 'data/grid.nc', st_mtime: 1772355300.2321782 },
    wrong: [{ path: 1 }, { st_mtime: 'now' }, { name: [] }, { size: 1 }, { path: null }],
    required: ['path'],
    filters: { name: 'grid', path: 'data/grid.nc' },
  },
  {
    collection: 'jobs',
    least: { command: 'c' },
    defaults: {
      ...{ status: 'uninitialized', cancel_on_blocking_job_failure: true, supports_termination: false },
      internal: JOB_INTERNAL,
    },
    whole: {
      ...{ name: 'make', command: 'python make.py', invocation_script: 'bash run.sh', status: 'disabled' },
      ...{ cancel_on_blocking_job_failure: false, supports_termination: true },
      schedule_compute_nodes: {
        ...{ scheduler_id: 'slurm_schedulers__97/120', num_jobs: 1, max_parallel_jobs: 4 },
        start_one_worker_per_node: true,
      },
      internal: { ...JOB_INTERNAL, num_cpus: 3, hash: -5, runtime_seconds: 0.5 },
    },
    wrong: [
      ...[{ command: 5 }, { status: 'failed' }, { status: null }, { schedule_compute_nodes: {} }, { internal: 1 }],
      ...[{ supports_termination: 'perhaps' }, { input_files: 'x' }, { depends: [] }],
      { schedule_compute_nodes: { scheduler_id: 'x', num_jobs: 1.5 } },
    ],
    required: ['command'],
    filters: {
      ...{ name: 'make', command: 'python make.py', status: 'disabled' },
      ...{ cancel_on_blocking_job_failure: false, supports_termination: true },
    },
  },
  {
    collection: 'job_process_stats',
    least: {
      ...{ job_key: '1', run_id: 1, avg_cpu_percent: 1, max_cpu_percent: 2, avg_rss: 3, max_rss: 4, num_samples: 5 },
      timestamp: 't',
    },
    defaults: {},
    whole: {
      ...{ job_key: '103', run_id: 7, avg_cpu_percent: 372.1, max_cpu_percent: 399.75, avg_rss: 510332928.5 },
      ...{ max_rss: 734003200.25, num_samples: 148, timestamp: '2026-03-01 09:27:31.004512' },
    },
    wrong: [{ run_id: 1.5 }, { avg_rss: 'x' }, { num_samples: null }, { job_key: 1 }],
    required: [
      ...['job_key', 'run_id', 'avg_cpu_percent', 'max_cpu_percent', 'avg_rss', 'max_rss', 'num_samples'],
      'timestamp',
    ],
    filters: { job_key: '103', run_id: 7 },
  },
  {
    collection: 'local_schedulers',
    least: {},
    defaults: { name: 'default' },
    whole: { name: 'here', memory: '16g', num_cpus: 8 },
    wrong: [{ num_cpus: 'many' }, { name: {} }, { partition: 'x' }],
    required: [],
    filters: { memory: '16g', num_cpus: 8 },
  },
  {
    collection: 'resource_requirements',
    least: {},
    defaults: { num_cpus: 1, num_gpus: 0, num_nodes: 1, memory: '1m', runtime: 'P0DT1M' },
    whole: { name: 'small', num_cpus: 4, num_gpus: 1, num_nodes: 2, memory: '30 G', runtime: 'P0DT30M' },
    wrong: [
      ...[{ memory: 'much' }, { memory: '' }, { memory: '-1g' }, { runtime: 'P1Y' }, { runtime: 'P1M' }],
      ...[{ runtime: '5 minutes' }, { num_cpus: 1.5 }, { num_gpus: null }, { runtime: 'P' }, { memory: 'g' }],
    ],
    required: [],
    filters: { name: 'small', memory: '30 G', num_cpus: 4, num_gpus: 1, num_nodes: 2, runtime: 'P0DT30M' },
  },
  {
    collection: 'results',
    least: {
      ...{ job_key: '1', run_id: 1, return_code: 0, exec_time_minutes: 1, completion_time: 't', status: 'done' },
    },
    defaults: {},
    whole: {
      ...{ job_key: '103', run_id: 2, return_code: -15, exec_time_minutes: 12.4 },
      ...{ completion_time: '2026-03-01T09:27:31.004512', status: 'terminated' },
    },
    wrong: [{ return_code: 1.5 }, { run_id: 'x' }, { exec_time_minutes: 'long' }, { completion_time: null }],
    required: ['job_key', 'run_id', 'return_code', 'exec_time_minutes', 'completion_time', 'status'],
    filters: { job_key: '103', run_id: 2, return_code: -15, status: 'terminated' },
  },
  {
    collection: 'scheduled_compute_nodes',
    least: { scheduler_config_id: 'slurm_schedulers__97/120', status: 'uninitialized' },
    defaults: {},
    whole: { scheduler_id: '880123', scheduler_config_id: 'slurm_schedulers__97/121', status: 'pending' },
    wrong: [{ status: 5 }, { scheduler_id: 880123 }, { nodes: 1 }, { status: null }],
    required: ['scheduler_config_id', 'status'],
    filters: { scheduler_id: '880123', scheduler_config_id: 'slurm_schedulers__97/121', status: 'pending' },
  },
  {
    collection: 'slurm_schedulers',
    least: { account: 'project1', nodes: 1 },
    defaults: { qos: 'normal' },
    whole: {
      ...{
        name: 'short',
        account: 'project2',
        nodes: 2,
        gres: 'gpu:2',
        mem: '180G',
        tmp: '1T',
        extra: '--reservation=x',
      },
      ...{ ntasks_per_node: 4, partition: 'debug', qos: 'high', walltime: '2-00:00:00' },
    },
    wrong: [{ nodes: 'x' }, { nodes: 1.5 }, { walltime: 5 }, { account: null }, { color: 'red' }],
    required: ['account', 'nodes'],
    filters: {
      ...{ name: 'short', account: 'project2', gres: 'gpu:2', mem: '180G', nodes: 2, partition: 'debug', qos: 'high' },
      ...{ tmp: '1T', walltime: '2-00:00:00' },
    },
  },
  {
    collection: 'user_data',
    least: {},
    defaults: { is_ephemeral: false },
    whole: { name: 'params', is_ephemeral: true, data: { alpha: 0.5, tags: ['a', 'b'], none: null, deep: { x: [1] } } },
    wrong: [{ data: [] }, { data: 'x' }, { is_ephemeral: 'maybe' }, { is_ephemeral: null }, { value: 1 }],
    required: [],
    filters: { name: 'params', is_ephemeral: true },
  },
];
