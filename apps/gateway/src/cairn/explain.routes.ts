import { path } from '../route/fields.js';
import { cairnRoute } from './cairn-route.js';

const text = { type: 'string' };
const number = { type: 'number' };
const hours = { type: ['number', 'null'], description: 'null while no task of the name is complete' };
const anything = { type: 'object', additionalProperties: true };

/** Of an IceProd task. */
const taskExplanation = {
  type: 'object',
  required: [
    'task_id',
    'dataset_id',
    'reason',
    'status',
    'phase',
    'dependencies',
    'requirements',
    'offers',
    'priority',
  ],
  properties: {
    task_id: text,
    dataset_id: text,
    reason: { type: 'string', description: 'one sentence: what would have to change first' },
    status: text,
    phase: { type: 'string', description: 'what the status means to Cairn' },
    status_changed: text,
    dataset_status: { type: ['string', 'null'] },
    dependencies: {
      type: 'object',
      properties: {
        complete: { type: 'boolean' },
        open: { type: 'integer' },
        tasks: {
          type: 'array',
          description:
            'the first 100 that are not complete; those in workloads that the caller may not read are left out',
          items: { type: 'object', properties: { task_id: text, status: { type: ['string', 'null'] } } },
        },
      },
    },
    worker: {
      type: ['object', 'null'],
      description: 'of a claimed or running unit: the registered worker that lists it, or null if none does',
      properties: {
        worker_id: text,
        host: text,
        site: text,
        last_heartbeat: { type: 'string', description: 'UTC, microseconds' },
        heartbeat_seconds: { type: 'integer', description: 'the worker is lost after so long without a heartbeat' },
      },
    },
    requirements: anything,
    not_before: {
      type: ['string', 'null'],
      description: 'it has failed: until then workers that name themselves do not get it; UTC, microseconds',
    },
    paused_pilots: {
      type: 'array',
      description: 'the first 20 that get nothing for now, because their last runs have all failed',
      items: {
        type: 'object',
        properties: { pilot_id: text, failures_in_a_row: { type: 'integer' }, until: text },
      },
    },
    offers: {
      type: 'array',
      description: 'the last 20 different offers of workers, latest first; forgotten at a restart',
      items: {
        type: 'object',
        properties: {
          seen: text,
          takes: { type: 'string', description: 'status of the tasks that were asked for' },
          requirements: anything,
          found: { type: 'boolean', description: 'there was a task for it the last time' },
          fits: { type: 'boolean' },
          misfits: {
            type: 'array',
            items: { type: 'object', properties: { name: text, asked: {}, offered: {} } },
          },
          filtered: { type: 'boolean', description: 'other filters of the offer leave this task out' },
        },
      },
    },
    priority: {
      type: 'object',
      properties: {
        current: number,
        due: {
          type: ['number', 'null'],
          description: 'what the formula gives now; null where automation sets no priorities',
        },
        dataset: { type: ['number', 'null'], description: "the dataset's part of it" },
        steps: {
          type: ['array', 'null'],
          description: 'steps of the formula in their order; what they add makes up what is due',
          items: { type: 'object', properties: { step: text, adds: number, priority: number } },
        },
        terms: {
          type: ['object', 'null'],
          description: 'what the formula is fed with',
          additionalProperties: true,
        },
      },
    },
    queue: {
      type: ['object', 'null'],
      description: 'null while it may not be claimed',
      properties: {
        ahead: { type: 'integer', description: 'tasks of its kind (dataset, requirements, site) that go first' },
        ahead_of_all: { type: 'integer', description: 'tasks of any kind that go first' },
        more: { type: 'boolean', description: 'there may be more than were counted' },
      },
    },
  },
};

/** Of a Torc job: a schema of that dialect. */
const jobExplanation = { $ref: '#/components/schemas/TorcJobExplanation' };

const datasetExplanation = {
  type: 'object',
  required: ['workload_id', 'reason', 'status', 'truncated', 'status_changed', 'status_changed_by', 'config'],
  properties: {
    workload_id: text,
    reason: { type: 'string', description: 'one sentence: what would have to happen next' },
    status: text,
    truncated: { type: 'boolean' },
    status_changed: text,
    status_changed_by: { type: 'string', description: 'cairn-automation if Cairn did it by itself' },
    config: { type: 'boolean', description: 'whether it has a config' },
  },
};

/** Of a task of PanDA. */
const pandaTaskExplanation = {
  type: 'object',
  required: ['task_id', 'reason', 'status', 'status_changed', 'inputs', 'jobs', 'steps', 'attempts'],
  properties: {
    task_id: { type: 'integer' },
    name: text,
    user: text,
    reason: { type: 'string', description: 'one sentence: what would have to change first' },
    status: text,
    status_changed: text,
    returns_to: { type: ['string', 'null'], description: 'the status after pending, throttled or paused' },
    error_dialog: { type: ['string', 'null'] },
    command: { type: ['object', 'null'], description: 'the command that is being carried out, and who gave it' },
    inputs: { type: 'object', additionalProperties: { type: 'integer' } },
    jobs: { type: 'object', additionalProperties: { type: 'integer' }, description: 'by status' },
    steps: { type: 'array', items: anything, description: 'its statuses, with all reasons that were given' },
    attempts: { type: 'array', items: anything },
  },
};

export const explainRoutes = {
  unit: cairnRoute({
    name: 'explainUnit',
    tag: 'explanation',
    method: 'GET',
    path: '/cairn/explain/units/:unit_id',
    policy: {
      roles: ['admin', 'system', 'pilot', 'user'],
      note: "users need the read rule of the unit's workload",
    },
    summary: 'Why a unit is not running',
    fields: { unit_id: path('id of the unit in its dialect: a task_id, or a job as jobs__97/103') },
    response: { anyOf: [taskExplanation, jobExplanation] },
    errors: { 404: 'no such unit' },
  }),
  workload: cairnRoute({
    name: 'explainWorkload',
    tag: 'explanation',
    method: 'GET',
    path: '/cairn/explain/workloads/:workload_id',
    policy: { roles: ['admin', 'system', 'user'], note: 'users need the read rule of the workload' },
    summary: 'Why a workload has its status',
    fields: { workload_id: path('id of the workload in its dialect, such as a dataset_id or jediTaskID') },
    response: { anyOf: [datasetExplanation, pandaTaskExplanation] },
    errors: { 404: 'no such workload' },
  }),
  request: cairnRoute({
    name: 'explainRequest',
    tag: 'explanation',
    method: 'GET',
    path: '/cairn/explain/requests/:request_id',
    policy: {
      roles: ['admin', 'system', 'user'],
      note: 'users need to have made it, or the read rule of its dataset',
    },
    summary: 'Why an asynchronous request (of /actions) is not done',
    fields: { request_id: path() },
    response: {
      type: 'object',
      required: ['request_id', 'reason', 'status', 'action', 'dataset_id', 'attempts', 'queued', 'status_changed'],
      properties: {
        request_id: text,
        reason: { type: 'string', description: 'one sentence: what would have to happen next' },
        status: text,
        action: text,
        dataset_id: { type: ['string', 'null'] },
        attempts: { type: 'integer' },
        queued: text,
        status_changed: text,
      },
    },
    errors: { 404: 'Request not found' },
  }),
  remaining: cairnRoute({
    name: 'estimateRemaining',
    tag: 'explanation',
    method: 'GET',
    path: '/cairn/datasets/:dataset_id/remaining',
    policy: { roles: ['admin', 'system', 'user'], note: 'users need the read rule of the dataset' },
    summary: 'Work that is left in a dataset, by name of its tasks; jobs that are not made yet do not count',
    fields: { dataset_id: path() },
    response: {
      type: 'object',
      required: ['tasks', 'remaining', 'remaining_hrs'],
      properties: {
        tasks: {
          type: 'object',
          additionalProperties: {
            type: 'object',
            properties: {
              complete: { type: 'integer' },
              remaining: { type: 'integer', description: 'tasks that are not complete' },
              avg_hrs: hours,
              remaining_hrs: hours,
            },
          },
        },
        remaining: { type: 'integer' },
        remaining_hrs: hours,
      },
    },
    errors: { 404: 'no such workload' },
  }),
};
