import type { TaskTemplate } from '#contracts/iceprod/tasks.js';
import { elementsOf, kindOf, membersOf } from '#contracts/raw-json.js';
import { defaulted, optional, path, required } from '../route/fields.js';
import { float, int, type JsonType, str, strings, where } from '../route/json-types.js';
import { invalid } from '../route/request-source.js';
import { defineRoute, type Route, type RouteSpec } from '../route/route.js';
import type { Fields } from '../route/field.js';

/** Jobs that one request may create. */
const JOBS_MAX = 100_000;
/** Tasks that one job may have. */
const TASKS_PER_JOB_MAX = 1_000;
/** Tasks that one request may create. */
const TASKS_MAX = 1_000_000;
/** Tasks that one request may give to jobs that are there. */
const TASKS_TO_JOBS_MAX = 10_000;
const DEADLINE_MS = 60_000;

const unusable = (index: number, what: string): Error => invalid(`tasks[${index}]: ${what}`);

const members = { name: str, depends: 'positions', requirements: 'dict', status: str, priority: float } as const;

const positionsOf = (value: unknown, index: number): readonly number[] => {
  if (value === undefined) return [];
  if (Array.isArray(value)) {
    const positions = value.filter((entry): entry is number => Number.isInteger(entry) && entry >= 0 && entry < index);
    if (positions.length === value.length) return positions;
  }
  throw unusable(index, 'depends must be positions of earlier tasks');
};

const templateOf = (raw: string, index: number): TaskTemplate => {
  if (kindOf(raw) !== 'object') throw unusable(index, 'must be an object');
  const { name, depends, status, priority } = JSON.parse(raw) as Readonly<Record<string, unknown>>;
  const texts = membersOf(raw);
  const unknown = [...texts.keys()].find((member) => !Object.hasOwn(members, member));
  if (unknown !== undefined) throw unusable(index, `${unknown} is not known`);
  if (typeof name !== 'string' || name === '') throw unusable(index, 'name must be a text');
  const requirements = texts.get('requirements') ?? '{}';
  if (kindOf(requirements) !== 'object') throw unusable(index, 'requirements must be an object');
  if (status !== undefined && typeof status !== 'string') throw unusable(index, 'status must be a text');
  if (priority !== undefined && !Number.isFinite(priority)) throw unusable(index, 'priority must be a number');
  return {
    name,
    depends: positionsOf(depends, index),
    requirements,
    ...(status !== undefined && { status }),
    ...(typeof priority === 'number' && { priority }),
  };
};

/** Tasks that every job gets; `depends` are positions in this list. */
const templates: JsonType<readonly TaskTemplate[]> = {
  name: 'list',
  schema: {
    type: 'array',
    minItems: 1,
    maxItems: TASKS_PER_JOB_MAX,
    items: {
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: {
        name: { type: 'string' },
        depends: { type: 'array', items: { type: 'integer', minimum: 0 }, default: [] },
        requirements: { type: 'object', additionalProperties: true, default: {} },
        status: { type: 'string', default: 'idle' },
        priority: { type: 'number' },
      },
    },
  },
  accept: (value, raw) =>
    Array.isArray(value) && value.length > 0 && value.length <= TASKS_PER_JOB_MAX
      ? elementsOf(raw()).map(templateOf)
      : undefined,
};

const tasks = required(templates, { bad: `tasks must be a list of 1 to ${TASKS_PER_JOB_MAX} objects` });

const firstJobIndex = defaulted(
  where(int, (value) => value >= 0, { minimum: 0 }),
  0,
  { bad: 'first_job_index must be an integer from 0 on' },
);

const count = required(
  where(int, (value) => value >= 1 && value <= JOBS_MAX, { minimum: 1, maximum: JOBS_MAX }),
  { bad: `count must be an integer from 1 to ${JOBS_MAX}` },
);

const jobIds = where(strings, (ids) => ids.length >= 1 && ids.length <= TASKS_TO_JOBS_MAX, {
  minItems: 1,
  maxItems: TASKS_TO_JOBS_MAX,
});

const EXAMPLE_JOBS = ['0193f5c2a7e04d1b8c6a5f20b0000001', '0193f5c2a7e04d1b8c6a5f20b0000002'];
const EXAMPLE_TASKS = [
  { name: 'generate', requirements: { cpu: 1, memory: 4 } },
  { name: 'filter', depends: [0], requirements: { cpu: 1, memory: 2 } },
];

/** Part of Cairn's own API, with its errors: IceProd has no such routes. */
const cairnRoute = <F extends Fields>(spec: Omit<RouteSpec<F>, 'dialect'>): Route<F> =>
  defineRoute({ dialect: 'cairn', ...spec });

export const bulkCreationRoutes = {
  addJobs: cairnRoute({
    name: 'addJobs',
    examples: { request: { first_job_index: 0, count: 100 }, response: { jobs: 100 } },
    records: ['GroupsAdded'],
    tag: 'bulk creation',
    method: 'POST',
    path: '/cairn/iceprod/datasets/:dataset_id/jobs',
    policy: { roles: ['admin', 'system'] },
    summary: 'Creates jobs of a dataset in one step, without tasks',
    fields: { dataset_id: path(), first_job_index: firstJobIndex, count, status: optional(str) },
    body: { unknownKeys: 'unknown member in body' },
    status: 201,
    response: { type: 'object', required: ['jobs'], properties: { jobs: { type: 'integer' } } },
    deadlineMs: DEADLINE_MS,
  }),
  addToJobs: cairnRoute({
    name: 'addTasksToJobs',
    examples: { request: { jobs: EXAMPLE_JOBS, tasks: EXAMPLE_TASKS }, response: { tasks: 4 } },
    records: ['UnitAdded'],
    tag: 'bulk creation',
    method: 'POST',
    path: '/cairn/iceprod/datasets/:dataset_id/jobs/tasks',
    policy: { roles: ['admin', 'system'] },
    summary: `Gives jobs of a dataset tasks in one step, up to ${TASKS_TO_JOBS_MAX}`,
    fields: { dataset_id: path(), jobs: required(jobIds, { bad: 'jobs must be a list of ids' }), tasks },
    body: { unknownKeys: 'unknown member in body' },
    status: 201,
    response: { type: 'object', required: ['tasks'], properties: { tasks: { type: 'integer' } } },
    deadlineMs: DEADLINE_MS,
  }),
  add: cairnRoute({
    name: 'addTasks',
    examples: { request: { count: 100, tasks: EXAMPLE_TASKS }, response: { jobs: 100, tasks: 200 } },
    records: ['GroupsAdded', 'UnitsAdded'],
    tag: 'bulk creation',
    method: 'POST',
    path: '/cairn/iceprod/datasets/:dataset_id/tasks',
    policy: { roles: ['admin', 'system'] },
    summary: 'Creates jobs of a dataset with their tasks in one step',
    fields: {
      dataset_id: path(),
      first_job_index: firstJobIndex,
      count,
      tasks: {
        ...tasks,
        read: (source, name) => {
          const list = tasks.read(source, name) ?? [];
          const jobs = source.object['count'];
          if (typeof jobs === 'number' && jobs * list.length > TASKS_MAX) {
            throw invalid(`more than ${TASKS_MAX} tasks in one request`);
          }
          return list;
        },
      } satisfies typeof tasks,
    },
    body: { unknownKeys: 'unknown member in body' },
    status: 201,
    response: {
      type: 'object',
      required: ['jobs', 'tasks'],
      properties: { jobs: { type: 'integer' }, tasks: { type: 'integer' } },
    },
    deadlineMs: DEADLINE_MS,
  }),
};
