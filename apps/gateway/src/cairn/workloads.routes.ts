import {
  FAILURES_LIMIT_MAX,
  PHASES,
  UNITS_LIMIT_MAX,
  WORKLOAD_DIALECTS,
  WORKLOAD_ORDERS,
  WORKLOADS_LIMIT_MAX,
  type WorkloadOrder,
} from '#contracts/workloads.js';
import { constant, orElse, parsedParameter, path, textParameter } from '../route/fields.js';
import { invalid } from '../route/request-source.js';
import type { Policy } from '../route/route.js';
import type { WorkloadOperationName } from '../route/workload-operations.js';
import { cairnRoute } from './cairn-route.js';
import { limitParameter, timeParameter, wordsParameter } from './parameters.js';

const tag = 'workloads';

const LISTERS: Policy = { roles: ['admin', 'system', 'user'] };
const WRITERS: Policy = {
  roles: ['admin', 'system', 'user'],
  note: 'users need the right to change the workload, by the rules of its dialect',
};
const READERS: Policy = { roles: ['admin', 'system', 'user'], note: 'users need the read rule of the workload' };

const text = { type: 'string' };
const numbers = { type: 'object', additionalProperties: { type: 'integer' } };
const time = { type: 'string', description: 'UTC, microseconds, with its zone `Z`' };
const phase = {
  type: 'string',
  enum: PHASES,
  description: 'what the status means, whatever word the dialect has for it',
};
const next = { type: 'string', description: 'cursor of the next page; absent on the last one' };

const counts = {
  total: { type: 'integer' },
  by_phase: numbers,
  by_status: { ...numbers, description: "by the dialect's words" },
};

const workload = {
  type: 'object',
  required: ['ref', 'dialect', 'id', 'name', 'owner', 'status', 'phase', 'created', 'changed', 'progress', 'units'],
  properties: {
    ref: { type: 'string', description: 'names it among those of all dialects: <dialect>.<namespace>.<escaped id>' },
    dialect: text,
    id: { type: 'string', description: 'in its dialect: a dataset_id, a jediTaskID, the key of a workflow' },
    name: text,
    owner: text,
    status: { type: 'string', description: "the dialect's word" },
    phase,
    created: time,
    changed: { ...time, description: 'last event about it or one of its units' },
    progress: {
      type: 'number',
      description: 'from 0 to 1: units that have succeeded, of all that it is to have; of a PanDA task its input files',
    },
    units: { type: 'object', required: ['total', 'by_phase', 'by_status'], properties: counts },
  },
};

const unit = {
  type: 'object',
  required: ['unit_id', 'name', 'status', 'phase', 'index', 'priority', 'site', 'failures', 'evictions', 'changed'],
  properties: {
    unit_id: { type: 'string', description: 'in its dialect: a task_id, a PandaID, a job as jobs__97/103' },
    name: { type: 'string', description: 'of its kind' },
    title: { type: 'string', description: 'its own name, in dialects where units have one' },
    status: { type: 'string', description: "the dialect's word" },
    outcome: { type: 'string', description: 'distinguishes units of one status' },
    phase,
    index: { type: 'integer' },
    group_id: text,
    priority: { type: 'number' },
    site: text,
    failures: { type: 'integer' },
    evictions: { type: 'integer', description: 'runs that ended without a fault of the unit' },
    holder: { type: 'string', description: 'the caller that has claimed it' },
    worker: {
      type: 'object',
      description: 'of a claimed or running unit, in dialects that tell it with the unit',
      properties: { worker_id: text, host: text },
    },
    changed: { ...time, description: 'last change of its status' },
  },
};

const textOrNull = { type: ['string', 'null'] };

const worker = {
  type: 'object',
  required: ['worker_id', 'host', 'site', 'holder', 'last_heartbeat', 'claimed', 'running', 'unit_ids'],
  properties: {
    worker_id: { ...textOrNull, description: 'in its dialect: a pilot_id, a pilotID, the key of a compute node' },
    host: textOrNull,
    site: text,
    holder: { ...textOrNull, description: 'the caller that has claimed them' },
    last_heartbeat: { ...textOrNull, description: 'UTC, microseconds, with its zone `Z`; of workers that give one' },
    claimed: { type: 'integer', description: 'units that it has and that do not run yet' },
    running: { type: 'integer' },
    unit_ids: { type: 'array', items: text, description: 'the first 20' },
  },
};

const failure = {
  type: 'object',
  required: ['cause', 'runs', 'first', 'last', 'latest'],
  properties: {
    cause: { type: 'string', description: 'the reason without ids and numbers that differ from run to run' },
    runs: { type: 'integer' },
    first: time,
    last: time,
    latest: {
      type: 'object',
      properties: {
        reason: { type: 'string', description: 'in full' },
        unit: {
          type: ['object', 'null'],
          description: 'null when it was removed',
          properties: { unit_id: text, name: text, status: text, phase },
        },
      },
    },
  },
};

const page = (name: string, items: object, more: Readonly<Record<string, object>> = {}) => ({
  type: 'object',
  required: [name, ...Object.keys(more)],
  properties: { [name]: { type: 'array', items }, next, ...more },
});

const SORT_WORDS = { type: 'string', enum: WORKLOAD_ORDERS.flatMap((order) => [order, `-${order}`]) };

const NEWEST_FIRST: { readonly order: WorkloadOrder; readonly descending: boolean } = {
  order: 'created',
  descending: true,
};

const givenSort = orElse(
  parsedParameter('sort', SORT_WORDS, 'order; the other way round with a minus sign before it', (given) => {
    const order = WORKLOAD_ORDERS.find((word) => word === given.replace(/^-/, ''));
    if (order === undefined) {
      throw invalid(`sort must be one of ${WORKLOAD_ORDERS.join(', ')}, or one of them behind a minus sign`);
    }
    return { order, descending: given.startsWith('-') };
  }),
  NEWEST_FIRST,
);
const sortParameter = { ...givenSort, schema: { ...SORT_WORDS, default: '-created' } };

const workloadName = path('ref of the workload, or its id in its dialect where that is unique');
const cursor = textParameter('cursor', '`next` of the page before');
const NOT_FOUND = { 404: 'no such workload', 409: 'several workloads have this id' };

/** Each dialect does it by its own commands and rules. */
const operationRoute = <const Name extends WorkloadOperationName>(
  operation: Name,
  name: string,
  summary: string,
  records: readonly string[],
) =>
  cairnRoute({
    ...{
      name,
      tag,
      method: 'POST',
      path: `/cairn/workloads/:workload/${operation}`,
      policy: WRITERS,
      summary,
      records,
    },
    fields: { workload: workloadName, operation: constant(operation) },
    response: {
      type: 'object',
      required: ['ref', 'operation', 'message'],
      properties: {
        ref: text,
        operation: { type: 'string', enum: [operation] },
        message: { type: 'string', description: 'what was done, or is being done' },
      },
    },
    errors: {
      404: 'no such workload',
      409: 'its state does not allow it, or its dialect has nothing like it; several workloads have this id',
    },
  });

/** Workloads of all dialects. */
export const workloadRoutes = {
  list: cairnRoute({
    name: 'listWorkloads',
    tag,
    method: 'GET',
    path: '/cairn/workloads',
    policy: LISTERS,
    summary: 'Workloads of all dialects that the caller may read, newest first',
    isStrict: true,
    fields: {
      dialects: wordsParameter('dialect', 'names of dialects', WORKLOAD_DIALECTS),
      statuses: wordsParameter('status', "status words of the workloads' dialects"),
      phases: wordsParameter('phase', 'phases', PHASES),
      owner: textParameter('owner', 'name of the owner'),
      created_from: timeParameter('created_from', 'created then or later'),
      created_to: timeParameter('created_to', 'created then or earlier'),
      text: textParameter('text', 'part of the id or the name, in whatever case'),
      sort: sortParameter,
      limit: limitParameter(WORKLOADS_LIMIT_MAX, 100),
      cursor,
    },
    response: page('workloads', workload, {
      counts: {
        type: 'object',
        additionalProperties: numbers,
        description: 'by dialect and phase: all workloads that the caller may read, whatever the filters',
      },
    }),
    errors: { 400: 'cursor must be what an answer to this list gave as next' },
  }),
  get: cairnRoute({
    name: 'getWorkload',
    tag,
    method: 'GET',
    path: '/cairn/workloads/:workload',
    policy: READERS,
    summary: 'One workload of any dialect',
    fields: { workload: workloadName },
    response: workload,
    errors: NOT_FOUND,
  }),
  counts: cairnRoute({
    name: 'countWorkloadUnits',
    tag,
    method: 'GET',
    path: '/cairn/workloads/:workload/counts',
    policy: READERS,
    summary: 'Numbers of its units by phase, by status, and by name and status',
    fields: { workload: workloadName },
    response: {
      type: 'object',
      required: ['ref', 'total', 'by_phase', 'by_status', 'by_name'],
      properties: { ref: text, ...counts, by_name: { type: 'object', additionalProperties: numbers } },
    },
    errors: NOT_FOUND,
  }),
  units: cairnRoute({
    name: 'listWorkloadUnits',
    tag,
    method: 'GET',
    path: '/cairn/workloads/:workload/units',
    policy: READERS,
    summary: 'Its units in order of creation',
    isStrict: true,
    fields: {
      workload: workloadName,
      phases: wordsParameter('phase', 'phases', PHASES),
      statuses: wordsParameter('status', "status words of the workload's dialect"),
      names: wordsParameter('name', 'names of kinds of units'),
      limit: limitParameter(UNITS_LIMIT_MAX, 100),
      cursor,
    },
    response: page('units', unit),
    errors: { ...NOT_FOUND, 400: 'cursor must be what an answer to this list gave as next' },
  }),
  workers: cairnRoute({
    name: 'listWorkloadWorkers',
    tag,
    method: 'GET',
    path: '/cairn/workloads/:workload/workers',
    policy: READERS,
    summary: 'Workers that have claimed or run units of it',
    fields: { workload: workloadName },
    response: {
      type: 'object',
      required: ['workers', 'more'],
      properties: {
        workers: { type: 'array', items: worker },
        more: {
          type: 'boolean',
          description: 'whether it has more than 5,000 such units: only so many were looked at',
        },
      },
    },
    errors: NOT_FOUND,
  }),
  failures: cairnRoute({
    name: 'listWorkloadFailures',
    tag,
    method: 'GET',
    path: '/cairn/workloads/:workload/failures',
    policy: READERS,
    summary: 'Failed runs of its units by cause, the most frequent first',
    fields: { workload: workloadName, limit: limitParameter(FAILURES_LIMIT_MAX, 50) },
    response: {
      type: 'object',
      required: ['ref', 'failed_units', 'failed_runs', 'causes', 'failures'],
      properties: {
        ref: text,
        failed_units: { type: 'integer', description: 'whose last run has failed, and that do not run again' },
        failed_runs: { type: 'integer' },
        causes: { type: 'integer', description: 'different ones; beyond 1,000 the rest is counted as `other causes`' },
        failures: { type: 'array', items: failure },
      },
    },
    errors: NOT_FOUND,
  }),
  hold: operationRoute('hold', 'holdWorkload', 'Hands out none of its units until it is released', [
    ...['WorkloadMoved', 'CommandRegistered'],
  ]),
  release: operationRoute('release', 'releaseWorkload', 'Goes on with what was held, or has not been started yet', [
    ...['WorkloadMoved', 'RequestQueued', 'CommandRegistered', 'JobsInitialized'],
  ]),
  retry: operationRoute('retry', 'retryWorkload', 'Runs what has failed again', [
    ...['RequestQueued', 'CommandRegistered', 'WorkflowReplaced', 'UnitsMoved', 'JobsInitialized'],
  ]),
  cancel: operationRoute('cancel', 'cancelWorkload', 'Ends it: what runs is stopped, and nothing more is handed out', [
    ...['DatasetTruncated', 'WorkloadMoved', 'RequestQueued'],
    ...['CommandRegistered', 'WorkflowReplaced', 'UnitsMoved', 'JobsAmended'],
  ]),
};
