import type { Schema } from '../route/field.js';
import { DATASET_STATUSES, JOB_STATUSES, TASK_STATUSES } from '#contracts/iceprod/statuses.js';

const string: Schema = { type: 'string' };
const integer: Schema = { type: 'integer' };
const number: Schema = { type: 'number' };
const boolean: Schema = { type: 'boolean' };
const strings: Schema = { type: 'array', items: string };
const timestamp: Schema = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}$' };
const free: Schema = { type: 'object', additionalProperties: true };
const oneOf = (words: readonly string[]): Schema => ({ type: 'string', enum: words });

const document = (description: string, properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  description,
  properties,
});

/** Documents that IceProd's routes answer with, for the OpenAPI document. */
export const DOCUMENTS = {
  Dataset: document('A number of jobs with the same tasks (IceProd contract 4.1)', {
    dataset_id: string,
    dataset: { ...integer, description: 'human number, never used twice' },
    description: string,
    jobs_submitted: integer,
    tasks_submitted: integer,
    tasks_per_job: integer,
    group: string,
    username: string,
    status: oneOf(DATASET_STATUSES),
    priority: number,
    debug: boolean,
    jobs_immutable: boolean,
    always_active: boolean,
    start_date: timestamp,
    truncated: boolean,
  }),
  Config: { ...free, description: 'Configuration of a dataset, to the letter as it was stored (IceProd contract 5)' },
  Job: document('Tasks of one dataset that belong together (IceProd contract 6)', {
    job_id: string,
    dataset_id: string,
    job_index: integer,
    status: oneOf(JOB_STATUSES),
    status_changed: timestamp,
  }),
  Task: document('The smallest thing that a worker runs (IceProd contract 7.1)', {
    task_id: string,
    dataset_id: string,
    job_id: string,
    task_index: integer,
    job_index: integer,
    name: string,
    depends: { ...strings, description: 'ids of the tasks that must be complete first' },
    requirements: { ...free, description: 'cpu, gpu, memory and disk in GB, time in hours, os, site' },
    status: oneOf(TASK_STATUSES),
    priority: number,
    instance_id: { ...string, description: 'id of the current run' },
    status_changed: timestamp,
    failures: integer,
    evictions: integer,
    walltime: { ...number, description: 'hours of the successful run' },
    walltime_err: { ...number, description: 'hours of the failed runs' },
    walltime_err_n: integer,
    site: string,
  }),
  TaskStat: document('Statistics of one run of a task (IceProd contract 8)', {
    task_stat_id: string,
    task_id: string,
    dataset_id: string,
    create_date: timestamp,
    stats: free,
  }),
  Grid: document('A site that sends pilots or claims tasks (IceProd contract 11)', {
    grid_id: string,
    host: string,
    queues: { ...free, description: 'name to type' },
    version: string,
    start_date: timestamp,
    last_update: timestamp,
    debug: boolean,
    username: string,
  }),
  Pilot: document('A worker that fetches tasks (IceProd contract 12.1)', {
    pilot_id: string,
    queue_host: string,
    queue_version: string,
    resources: free,
    resources_available: free,
    resources_claimed: free,
    tasks: { ...strings, description: 'ids of the tasks that it holds' },
    host: string,
    site: string,
    version: string,
    grid_queue_id: string,
    submit_date: timestamp,
    start_date: string,
    last_update: timestamp,
  }),
  TaskStatistics: document('Statistics over the complete tasks of one name (IceProd contract 7.5)', {
    count: integer,
    gpu: number,
    total_hrs: number,
    total_err_hrs: number,
    avg_hrs: number,
    stddev_hrs: { type: ['number', 'null'] },
    min_hrs: number,
    max_hrs: number,
    efficiency: number,
  }),
  File: document('What a task reads or writes (IceProd contract 10)', {
    type: oneOf(['permanent']),
    movement: oneOf(['input', 'output', 'both']),
    remote: string,
    local: string,
    transfer: { type: ['string', 'boolean'] },
    compression: { type: ['string', 'boolean'] },
  }),
  Log: document('A log of a run or of a user (IceProd contract 9); further fields as they were sent', {
    log_id: string,
    name: {},
    timestamp,
    dataset_id: {},
    task_id: {},
    data: string,
  }),
  AccessRule: document('Who may read and write a dataset (IceProd contract 2.3)', {
    read_groups: strings,
    write_groups: strings,
    read_users: strings,
    write_users: strings,
  }),
  User: document('A user with a record (IceProd contract 13)', {
    user_id: string,
    username: string,
    priority: number,
    groups: strings,
    roles: strings,
  }),
  Group: document('A group; custom ones have an id and whatever else they were given (IceProd contract 13)', {
    name: string,
    priority: number,
    group_id: string,
  }),
  Role: document('A role and whatever else it was given (IceProd contract 13)', { name: string }),
  Login: document('A token that lives long, and what it grants (IceProd contract 15)', {
    token: string,
    username: string,
    roles: strings,
    current_role: string,
    groups: strings,
  }),
  Credential: document('A credential for a storage service, with its owner (IceProd contract 19)', {
    username: string,
    groupname: string,
    dataset_id: string,
    task_name: string,
    url: string,
    type: oneOf(['s3', 'oauth']),
    transfer_prefix: string,
    buckets: strings,
    access_key: string,
    secret_key: string,
    access_token: string,
    refresh_token: string,
    scope: string,
    expiration: number,
    last_use: number,
  }),
  Error: {
    ...document('Every error; `error` is also the HTTP reason phrase', { code: integer, error: string }),
    required: ['code', 'error'],
  },
} as const satisfies Readonly<Record<string, Schema>>;

export type Document = keyof typeof DOCUMENTS;
