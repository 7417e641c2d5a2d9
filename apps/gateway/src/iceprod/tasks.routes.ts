import { TASK_SORT_FIELDS } from '#contracts/iceprod/sort-fields.js';
import type { SortField } from '#contracts/lists.js';
import {
  boolParameter,
  intParameter,
  keysParameter,
  lenient,
  listParameter,
  optional,
  parsedParameter,
  path,
  required,
  textParameter,
  wholeBody,
} from '../route/fields.js';
import { dict, float, int, str, strings } from '../route/json-types.js';
import { invalid } from '../route/request-source.js';
import {
  COUNTS,
  documentOf,
  documentsById,
  iceprodRoute,
  IDS_BY_STATUS,
  EMPTY_OBJECT,
  RESULT,
} from './iceprod-route.js';
import { LIST_HEADERS, listFields, sortTerms } from './list-fields.js';
import { PILOTS_AND_HOLDERS, READERS, SERVICES, SERVICES_AND_PILOTS, WRITERS } from './policies.js';

const tag = 'tasks';

/** As many as an index of IceProd's database could hold; each is a value to remember of every task. */
const SORT_FIELDS_MAX = 32;

const sortBy = (given: string): readonly SortField[] => {
  const sort = sortTerms(given).map(({ field, direction }) => ({ field, descending: direction === '-1' }));
  if (sort.length > SORT_FIELDS_MAX) throw invalid(`sort takes at most ${SORT_FIELDS_MAX} fields`);
  return sort;
};

const sortParameter = parsedParameter(
  'sort',
  { type: 'string' },
  'fields to sort by: field=1 ascending, field=-1 descending; separated by |',
  sortBy,
);

/** 0, missing or unparsable is no limit. */
const limitParameter = parsedParameter('limit', { type: 'integer', minimum: 0 }, 'most tasks to answer', (given) => {
  const limit = /^[+-]?\d+$/.test(given) ? Number(given) : 0;
  return limit > 0 && Number.isSafeInteger(limit) ? limit : undefined;
});

const gpuParameter = boolParameter('gpu', 'only tasks that do, or do not, need a GPU', 'gpu is not a bool');
const status = required(str, { missing: 'Missing status in body', bad: 'Bad status' });

/** Tasks one by one, and what is counted of them (IceProd contract 7.4, 7.5). */
export const taskRoutes = {
  query: iceprodRoute({
    name: 'queryTasks',
    tag,
    method: 'GET',
    path: '/tasks',
    policy: SERVICES,
    summary: 'Tasks of all datasets',
    fields: {
      statuses: listParameter('status', 'status words'),
      site: textParameter('site', 'beginning of the site'),
      keys: keysParameter,
      sort: sortParameter,
      limit: limitParameter,
    },
    response: {
      type: 'object',
      required: ['tasks'],
      properties: { tasks: { type: 'array', items: documentOf('Task') } },
    },
  }),
  add: iceprodRoute({
    name: 'addTask',
    tag,
    method: 'POST',
    path: '/tasks',
    policy: SERVICES,
    summary: 'Creates a task',
    fields: {
      dataset_id: required(str),
      job_id: required(str),
      task_index: required(int),
      job_index: required(int),
      name: required(str),
      depends: required(strings),
      requirements: required(dict),
      status: optional(str),
      priority: optional(float),
      instance_id: optional(str),
    },
    body: { unknownKeys: 'invalid keys found' },
    status: 201,
    response: RESULT,
  }),
  get: iceprodRoute({
    name: 'getTask',
    tag,
    method: 'GET',
    path: '/tasks/:task_id',
    policy: PILOTS_AND_HOLDERS,
    summary: 'One task',
    fields: { task_id: path() },
    response: documentOf('Task'),
    errors: { 404: 'Task not found' },
  }),
  update: iceprodRoute({
    name: 'updateTask',
    tag,
    method: 'PATCH',
    path: '/tasks/:task_id',
    policy: SERVICES_AND_PILOTS,
    summary: 'Merges any fields, dotted names set nested ones; returns the task after the change',
    fields: { task_id: path(), fields: wholeBody() },
    body: { empty: 'Missing update data' },
    response: documentOf('Task'),
    errors: { 404: 'Task not found' },
  }),
  setStatus: iceprodRoute({
    name: 'setTaskStatus',
    tag,
    method: 'PUT',
    path: '/tasks/:task_id/status',
    policy: PILOTS_AND_HOLDERS,
    summary: 'Changes the status along the legal transitions, if the instance is the given one',
    fields: { task_id: path(), status, instance_id: lenient(str) },
    response: EMPTY_OBJECT,
    errors: { 404: 'Task not found' },
  }),
  countAll: iceprodRoute({
    name: 'countAllTasks',
    tag,
    method: 'GET',
    path: '/task_counts/status',
    policy: SERVICES,
    summary: 'Counts tasks of all datasets by status',
    fields: { statuses: listParameter('status', 'status words'), gpu: gpuParameter },
    response: COUNTS,
  }),
  list: iceprodRoute({
    name: 'listTasks',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/tasks',
    policy: READERS,
    summary: 'Tasks of a dataset, by id',
    fields: {
      dataset_id: path(),
      statuses: listParameter('status', 'status words'),
      names: listParameter('name', 'names of tasks'),
      job_id: textParameter('job_id', 'id of the job'),
      job_index: intParameter('job_index', 'number of the job', 'job_index is not an int'),
      grid_id: textParameter('grid_id', 'id of the grid'),
      keys: keysParameter,
      ...listFields(TASK_SORT_FIELDS),
    },
    response: documentsById('Task'),
    headers: LIST_HEADERS,
  }),
  getOfDataset: iceprodRoute({
    name: 'getTaskOfDataset',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/tasks/:task_id',
    policy: READERS,
    summary: 'One task of a dataset',
    fields: { dataset_id: path(), task_id: path(), keys: keysParameter },
    response: documentOf('Task'),
    errors: { 404: 'Task not found' },
  }),
  setStatusOfDataset: iceprodRoute({
    name: 'setTaskStatusOfDataset',
    tag,
    method: 'PUT',
    path: '/datasets/:dataset_id/tasks/:task_id/status',
    policy: WRITERS,
    summary: 'Changes the status along the legal transitions and forgets the instance',
    fields: { dataset_id: path(), task_id: path(), status },
    response: EMPTY_OBJECT,
    errors: { 404: 'Task not found' },
  }),
  summarize: iceprodRoute({
    name: 'summarizeTasks',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/task_summaries/status',
    policy: READERS,
    summary: 'Ids of tasks by status',
    fields: { dataset_id: path() },
    response: IDS_BY_STATUS,
  }),
  count: iceprodRoute({
    name: 'countTasks',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/task_counts/status',
    policy: READERS,
    summary: 'Counts tasks by status',
    fields: { dataset_id: path(), statuses: listParameter('status', 'status words'), gpu: gpuParameter },
    response: COUNTS,
  }),
  countByName: iceprodRoute({
    name: 'countTasksByName',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/task_counts/name_status',
    policy: READERS,
    summary: 'Counts tasks by name and status',
    fields: { dataset_id: path() },
    response: { type: 'object', additionalProperties: COUNTS },
  }),
  statistics: iceprodRoute({
    name: 'getTaskStatistics',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/task_stats',
    policy: READERS,
    summary: 'Counts and walltimes of complete tasks by name',
    fields: { dataset_id: path() },
    response: documentsById('TaskStatistics'),
  }),
};
