import { DOCUMENT_BODY } from '../body/body-limits.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import { flagParameter, intParameter, keysParameter, orElse, path, required, textParameter } from '../route/fields.js';
import type { Field } from '../route/field.js';
import { str } from '../route/json-types.js';
import { BULK_DEADLINE_MS, documentOf, documentsById, iceprodRoute, RESULT } from './iceprod-route.js';
import { PILOTS_AND_HOLDERS, READERS } from './policies.js';

const tag = 'task stats';

const RECORDS_PER_FLUSH = 1000;

/** The body without `dataset_id`, to the letter (IceProd contract 8). */
const stats: Field<string, 'always'> = {
  from: 'whole body',
  freeForm: true,
  required: true,
  schema: {
    type: 'object',
    required: ['dataset_id'],
    properties: { dataset_id: { type: 'string' } },
    additionalProperties: true,
  },
  read: (source) => {
    const members = membersOf(source.document);
    members.delete('dataset_id');
    return objectText(members);
  },
};

const last = flagParameter('last', 'only the newest record of a task');

/** IceProd contract 8. */
export const taskStatRoutes = {
  add: iceprodRoute({
    name: 'addTaskStat',
    tag,
    method: 'POST',
    path: '/tasks/:task_id/task_stats',
    policy: PILOTS_AND_HOLDERS,
    summary: 'Stores one record; the task need not exist',
    fields: {
      task_id: path(),
      dataset_id: required(str, { missing: 'Missing dataset_id in body' }),
      stats,
    },
    bodyLimits: DOCUMENT_BODY,
    status: 201,
    response: RESULT,
  }),
  list: iceprodRoute({
    name: 'listTaskStats',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/tasks/:task_id/task_stats',
    policy: READERS,
    summary: 'Records of a task, by id',
    fields: { dataset_id: path(), task_id: path(), last, keys: keysParameter },
    response: documentsById('TaskStat'),
  }),
  get: iceprodRoute({
    name: 'getTaskStat',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/tasks/:task_id/task_stats/:task_stat_id',
    policy: READERS,
    summary: 'One record',
    fields: { dataset_id: path(), task_id: path(), task_stat_id: path() },
    response: documentOf('TaskStat'),
    errors: { 404: 'Task stat not found' },
  }),
  export: iceprodRoute({
    name: 'exportTaskStats',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/bulk/task_stats',
    policy: READERS,
    summary: 'All records of a dataset, one a line, grouped by task',
    fields: {
      dataset_id: path(),
      last,
      after: textParameter('after', 'only records of this time or later'),
      keys: keysParameter,
      limit: orElse(
        intParameter('buffer_size', 'records per flush', 'buffer_size is not a positive int', 1),
        RECORDS_PER_FLUSH,
      ),
    },
    contentType: 'application/x-ndjson',
    response: documentOf('TaskStat'),
    deadlineMs: BULK_DEADLINE_MS,
  }),
};
