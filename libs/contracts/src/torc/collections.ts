import { JOB_STATUSES } from './statuses.js';

/**
 * What a field of a document holds. `object` and `list` are kept as the raw JSON that the client sent; `members` and `listOf` are checked
 * part by part, with defaults filled in.
 */
export type FieldType =
  | 'string'
  | 'integer'
  | 'number'
  | 'boolean'
  /** Torc contract 1.9. */
  | 'memory'
  /** Torc contract 1.9. */
  | 'duration'
  | 'object'
  | 'list'
  | { readonly oneOf: readonly string[] }
  | { readonly members: Fields }
  | { readonly listOf: FieldType };

export interface FieldRule {
  readonly type: FieldType;
  /** On POST. */
  readonly required?: true;
  readonly nullable?: true;
  /** Whether a string may be empty. */
  readonly mayBeEmpty?: true;
  /** Of numbers in fields that are not Torc's. */
  readonly minimum?: number;
  readonly maximum?: number;
  /** Filled in when the field is absent, on POST and on PUT (Torc contract 1.8). */
  readonly default?: unknown;
  /** null is stored as the default, because answers must not hold it (D40). */
  readonly isNullDefault?: true;
}

export type Fields = Readonly<Record<string, FieldRule>>;

/** A collection of a workflow (Torc contract 2): validation, defaults, filters and storage follow from it. */
export interface Collection {
  readonly fields: Fields;
  /** Query parameters of its list. `_key` is one in every collection. */
  readonly filters: readonly string[];
  /** The filter that an index serves. */
  readonly indexed?: string;
  /** Any field is accepted. */
  readonly isOpen?: true;
  /** No edge may be attached to its documents. */
  readonly isIsolated?: true;
  /** Singular, for messages of errors. */
  readonly noun: string;
}

const string: FieldRule = { type: 'string' };
const nullableString: FieldRule = { type: 'string', nullable: true };
const requiredString: FieldRule = { type: 'string', required: true };
const integer: FieldRule = { type: 'integer' };
const requiredInteger: FieldRule = { type: 'integer', required: true };
const requiredNumber: FieldRule = { type: 'number', required: true };
const requiredObject: FieldRule = { type: 'object', required: true };
const orInteger = (value: number): FieldRule => ({ type: 'integer', default: value });
const orBoolean = (value: boolean): FieldRule => ({ type: 'boolean', default: value });
const idList: FieldRule = { type: { listOf: 'string' } };

/** What a worker offers (Torc contract 2.6): a part of compute nodes and the body of a claim. */
export const WORKER_RESOURCES: Fields = {
  num_cpus: requiredInteger,
  memory_gb: requiredNumber,
  num_gpus: orInteger(0),
  num_nodes: orInteger(1),
  time_limit: { type: 'duration', nullable: true },
  scheduler_config_id: { type: 'string', nullable: true, mayBeEmpty: true, default: '' },
};

/** Torc contract 2.10: parameters of the nodes that a ready job asks for. */
const SCHEDULE_COMPUTE_NODES: Fields = {
  scheduler_id: requiredString,
  num_jobs: requiredInteger,
  max_parallel_jobs: { type: 'integer', nullable: true },
  start_one_worker_per_node: orBoolean(false),
};

/** Torc contract 2.10: the server's copy of what a job needs. */
export const JOB_INTERNAL: Fields = {
  memory_bytes: orInteger(0),
  num_cpus: orInteger(0),
  num_gpus: orInteger(0),
  num_nodes: orInteger(0),
  runtime_seconds: { type: 'number', default: 0 },
  scheduler_config_id: { type: 'string', mayBeEmpty: true, default: '' },
  hash: orInteger(0),
};

/** Fields of a job that POST turns into edges; PUT accepts and ignores them (Torc contract 2.10). */
export const JOB_RELATIONS: Fields = {
  input_files: idList,
  output_files: idList,
  input_user_data: idList,
  output_user_data: idList,
  blocked_by: idList,
  resource_requirements: string,
  scheduler: string,
};

/** Not Torc's: what happens when the command of a job ends with another code than 0. The first rule that names the code counts. */
const FAILURE_HANDLER: Fields = {
  rules: {
    required: true,
    type: {
      listOf: {
        members: {
          /** Absent: any code. */
          exit_codes: { type: { listOf: 'integer' } },
          max_retries: { type: 'integer', required: true, minimum: 0 },
          /** Before the first retry; twice as long before each further one. */
          delay_seconds: { type: 'number', default: 0, minimum: 0 },
        },
      },
    },
  },
};

/** Not Torc's: the body of a restart of some jobs. */
export const RESTART: Fields = {
  jobs: { type: { listOf: 'string' }, required: true },
  initialize: orBoolean(true),
  dry_run: orBoolean(false),
};

/** Torc contract 2.17. */
export const USER_DATA: Fields = {
  name: string,
  is_ephemeral: orBoolean(false),
  data: { type: 'object' },
};

/** Torc contract 2.14. */
export const RESULT: Fields = {
  job_key: requiredString,
  run_id: requiredInteger,
  return_code: requiredInteger,
  exec_time_minutes: requiredNumber,
  completion_time: requiredString,
  status: requiredString,
};

/** The 13 collections of documents of a workflow. The edges are in `edges.ts`. */
export const COLLECTIONS = {
  aws_schedulers: { noun: 'AWS scheduler', fields: { name: string }, filters: ['name'] },
  compute_nodes: {
    noun: 'compute node',
    fields: {
      hostname: requiredString,
      pid: requiredInteger,
      start_time: requiredString,
      duration_seconds: { type: 'number' },
      is_active: { type: 'boolean' },
      resources: { type: { members: WORKER_RESOURCES }, required: true },
      scheduler: { type: 'object', default: {} },
    },
    filters: ['hostname', 'is_active'],
    indexed: 'hostname',
  },
  compute_node_stats: {
    noun: 'compute node stats',
    fields: {
      hostname: requiredString,
      timestamp: requiredString,
      stats: {
        required: true,
        type: {
          listOf: {
            members: {
              resource_type: requiredString,
              average: requiredObject,
              minimum: requiredObject,
              maximum: requiredObject,
              num_samples: requiredInteger,
              job_key: string,
            },
          },
        },
      },
    },
    filters: ['hostname'],
    indexed: 'hostname',
  },
  events: { noun: 'event', fields: {}, filters: ['category'], indexed: 'category', isOpen: true, isIsolated: true },
  files: {
    noun: 'file',
    fields: { name: string, path: requiredString, st_mtime: { type: 'number' } },
    filters: ['name', 'path'],
    indexed: 'name',
  },
  jobs: {
    noun: 'job',
    fields: {
      name: string,
      command: requiredString,
      invocation_script: nullableString,
      status: { type: { oneOf: JOB_STATUSES }, default: 'uninitialized' },
      cancel_on_blocking_job_failure: orBoolean(true),
      supports_termination: orBoolean(false),
      schedule_compute_nodes: { type: { members: SCHEDULE_COMPUTE_NODES }, nullable: true },
      failure_handler: { type: { members: FAILURE_HANDLER }, nullable: true },
      /** Not Torc's: claims hand out jobs with a higher one first. Absent means 0. */
      priority: integer,
    },
    filters: ['name', 'command', 'status', 'cancel_on_blocking_job_failure', 'supports_termination'],
    indexed: 'status',
  },
  job_process_stats: {
    noun: 'job process stats',
    fields: {
      job_key: requiredString,
      run_id: requiredInteger,
      avg_cpu_percent: requiredNumber,
      max_cpu_percent: requiredNumber,
      avg_rss: requiredNumber,
      max_rss: requiredNumber,
      num_samples: requiredInteger,
      timestamp: requiredString,
    },
    filters: ['job_key', 'run_id'],
    indexed: 'job_key',
  },
  local_schedulers: {
    noun: 'local scheduler',
    fields: { name: { type: 'string', default: 'default' }, memory: string, num_cpus: integer },
    filters: ['memory', 'num_cpus'],
  },
  resource_requirements: {
    noun: 'resource requirements group',
    fields: {
      name: string,
      num_cpus: orInteger(1),
      num_gpus: orInteger(0),
      num_nodes: orInteger(1),
      memory: { type: 'memory', default: '1m' },
      runtime: { type: 'duration', default: 'P0DT1M' },
    },
    filters: ['name', 'memory', 'num_cpus', 'num_gpus', 'num_nodes', 'runtime'],
  },
  results: {
    noun: 'result',
    fields: RESULT,
    filters: ['job_key', 'run_id', 'return_code', 'status'],
    indexed: 'job_key',
  },
  scheduled_compute_nodes: {
    noun: 'scheduled compute node',
    fields: { scheduler_id: string, scheduler_config_id: requiredString, status: requiredString },
    filters: ['scheduler_id', 'scheduler_config_id', 'status'],
    indexed: 'scheduler_id',
    isIsolated: true,
  },
  slurm_schedulers: {
    noun: 'Slurm scheduler',
    fields: {
      name: string,
      account: requiredString,
      nodes: requiredInteger,
      gres: nullableString,
      mem: nullableString,
      tmp: nullableString,
      extra: nullableString,
      ntasks_per_node: { type: 'integer', nullable: true },
      partition: string,
      qos: { type: 'string', default: 'normal' },
      walltime: string,
    },
    filters: ['name', 'account', 'gres', 'mem', 'nodes', 'partition', 'qos', 'tmp', 'walltime'],
  },
  user_data: { noun: 'user data', fields: USER_DATA, filters: ['name', 'is_ephemeral'], indexed: 'name' },
} as const satisfies Readonly<Record<string, Collection>>;

export type CollectionName = keyof typeof COLLECTIONS;
/** Collections whose documents are stored alike. Jobs are units of the engine. */
export type PlainCollectionName = Exclude<CollectionName, 'jobs'>;

/** Torc contract 2.2: what workers measure. */
const RESOURCE_STATS: Fields = {
  cpu: orBoolean(true),
  disk: orBoolean(false),
  memory: orBoolean(true),
  network: orBoolean(false),
  process: orBoolean(false),
  include_child_processes: orBoolean(true),
  recurse_child_processes: orBoolean(false),
  monitor_type: { type: { oneOf: ['aggregation', 'periodic'] }, default: 'aggregation' },
  make_plots: orBoolean(true),
  interval: { type: 'number', default: 10 },
};

/** Torc contract 2.1. */
export const WORKFLOW: Fields = {
  name: { type: 'string', nullable: true, mayBeEmpty: true, default: '' },
  user: { type: 'string', nullable: true, mayBeEmpty: true, default: '', isNullDefault: true },
  description: { type: 'string', nullable: true, mayBeEmpty: true, default: '' },
  timestamp: { type: 'string', mayBeEmpty: true },
  is_archived: { type: 'boolean', nullable: true, default: false },
};
export const WORKFLOW_FILTERS: readonly string[] = ['name', 'user', 'description', 'is_archived'];

/** Torc contract 2.2. */
export const WORKFLOW_CONFIG: Fields = {
  workflow_startup_script: string,
  workflow_completion_script: string,
  worker_startup_script: string,
  compute_node_resource_stats: { type: { members: RESOURCE_STATS }, default: {} },
  compute_node_expiration_buffer_seconds: orInteger(120),
  compute_node_wait_for_new_jobs_seconds: orInteger(0),
  /** Not Torc's: a job that was claimed and not started for so long is handed out again (D24). Absent: never. */
  claim_timeout_seconds: { type: 'integer', minimum: 0 },
  /** Not Torc's: for so long the last jobs wait for workers that have jobs, instead of going to others. Absent: they do not. */
  pack_last_jobs_seconds: { type: 'integer', minimum: 0 },
  compute_node_ignore_workflow_completion: orBoolean(false),
  compute_node_wait_for_healthy_database_minutes: orInteger(20),
  prepare_jobs_sort_method: {
    type: { oneOf: ['gpus_runtime_memory', 'gpus_memory_runtime', 'none'] },
    default: 'gpus_runtime_memory',
  },
};

/** Torc contract 2.3. */
export const WORKFLOW_STATUS: Fields = {
  run_id: requiredInteger,
  is_canceled: { type: 'boolean', required: true },
  auto_tune_status: {
    required: true,
    type: {
      members: {
        enabled: { type: 'boolean', required: true },
        job_keys: { type: { listOf: 'string' }, required: true },
      },
    },
  },
  has_detected_need_to_run_completion_script: { type: 'boolean' },
  /** Answered and never used; ignored in PUT (D30). */
  scheduled_compute_node_ids: { type: 'list' },
};
