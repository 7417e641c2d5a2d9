import { constant, defaulted, freeForm, lenient, path, required } from '../route/fields.js';
import { dict, float, int, numbersByName, str, strings, text, where } from '../route/json-types.js';
import { invalid } from '../route/request-source.js';
import { documentOf, iceprodRoute } from './iceprod-route.js';
import {
  CLAIMING_WORKERS,
  PILOTS_AND_HOLDERS,
  SERVICES,
  SERVICES_AND_HOLDERS,
  SERVICES_AND_PILOTS,
} from './policies.js';

const tag = 'task actions';

/** Tasks that one call may promote (IceProd contract 7.6). */
const PROMOTE_MAX = 100;

/** Not of IceProd: clients that leave it out get IceProd's own rules. */
const pilotId = lenient(str);

const promotable = defaulted(strings, []);
const offer = {
  requirements: defaulted(dict, '{}'),
  query_params: defaulted(dict, '{}'),
  pilot_id: pilotId,
};
const claimed = documentOf('Task');
const NO_TASK = { 404: 'Task not found' };

/** What every report may say besides. `time_used` is in seconds. */
const report = {
  time_used: lenient(
    where(float, (seconds) => seconds >= 0, { minimum: 0 }),
    { bad: 'time_used is not a number, or negative' },
  ),
  resources: freeForm(lenient(dict)),
  site: lenient(str),
  reason: lenient(text),
  pilot_id: pilotId,
};

const reportRoute = <const Report extends 'reset' | 'failed' | 'complete'>(
  name: string,
  what: Report,
  summary: string,
) =>
  iceprodRoute({
    name,
    tag,
    method: 'POST',
    path: `/tasks/:task_id/task_actions/${what}`,
    policy: PILOTS_AND_HOLDERS,
    summary: `${summary}; returns the task before the change`,
    fields: { task_id: path(), report: constant(what), instance_id: lenient(str), ...report },
    response: documentOf('Task'),
    errors: { 400: 'Missing instance_id in body', 404: 'Task not found' },
  });

/** Claims and reports (IceProd contract 7.6). */
export const taskActionRoutes = {
  promote: iceprodRoute({
    name: 'promoteTasks',
    tag,
    method: 'POST',
    path: '/task_actions/waiting',
    policy: SERVICES,
    summary: 'Sets idle tasks to waiting',
    fields: {
      task_ids: {
        ...promotable,
        schema: { ...promotable.schema, maxItems: PROMOTE_MAX },
        read: (source, name) => {
          const ids = promotable.read(source, name) ?? [];
          if (ids.length > PROMOTE_MAX) throw invalid(`too many tasks. must be <= ${PROMOTE_MAX}`);
          return ids;
        },
      } satisfies typeof promotable,
    },
    response: { type: 'object', required: ['waiting'], properties: { waiting: { type: 'integer' } } },
  }),
  queue: iceprodRoute({
    name: 'queueTask',
    tag,
    method: 'POST',
    path: '/task_actions/queue',
    policy: CLAIMING_WORKERS,
    summary: 'Claims one waiting task; with num_tasks queues so many without an instance, as older servers did',
    fields: {
      ...offer,
      num_tasks: lenient(int),
      dataset_prio: defaulted(numbersByName, {}),
    },
    response: {
      anyOf: [claimed, { type: 'object', required: ['queued'], properties: { queued: { type: 'integer' } } }],
    },
    errors: NO_TASK,
  }),
  queueMany: iceprodRoute({
    name: 'queueTasks',
    tag,
    method: 'POST',
    path: '/task_actions/queue_many',
    policy: SERVICES,
    summary: 'Claims up to num waiting tasks at once, all with the same instance',
    fields: {
      ...offer,
      mode: constant('queue_many'),
      num: defaulted(int, 1),
      dataset_deprio: defaulted(strings, []),
    },
    response: { type: 'array', items: claimed },
    errors: NO_TASK,
  }),
  process: iceprodRoute({
    name: 'processTask',
    tag,
    method: 'POST',
    path: '/task_actions/process',
    policy: SERVICES_AND_PILOTS,
    summary: 'A pilot takes a queued task that no grid has claimed',
    fields: { ...offer, mode: constant('process'), num: constant(1), dataset_deprio: constant([]) },
    response: claimed,
    errors: NO_TASK,
  }),
  processing: iceprodRoute({
    name: 'reportTaskProcessing',
    tag,
    method: 'POST',
    path: '/tasks/:task_id/task_actions/processing',
    policy: SERVICES_AND_HOLDERS,
    summary: 'Reports that a claimed task runs; returns the task before the change',
    fields: {
      task_id: path(),
      report: constant('processing'),
      instance_id: required(str, { missing: 'Missing instance_id in body' }),
      site: report.site,
    },
    response: documentOf('Task'),
    errors: { 404: 'Task not found' },
  }),
  reset: reportRoute('resetTask', 'reset', 'A run failed: the task goes back to waiting, its requirements may rise'),
  failed: reportRoute('failTask', 'failed', 'A run failed for good'),
  complete: reportRoute('completeTask', 'complete', 'A run succeeded'),
};
