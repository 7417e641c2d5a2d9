import { DomainError } from '#platform/domain-error.js';
import { RequestSource } from '../route/request-source.js';
import type { AnyRoute } from '../route/route.js';
import { iceprod } from './iceprod.dialect.js';

const routeOf = (name: string): AnyRoute => {
  const found = iceprod.routes.find((route) => route.name === name);
  if (found === undefined) throw new Error(`no route ${name}`);
  return found;
};

interface Parts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

/** The request to the service, or the text of the error. */
const read = (name: string, { params = {}, query = {}, body }: Parts): unknown => {
  const source = new RequestSource({
    params,
    query,
    body: body === undefined ? undefined : Buffer.from(body),
    dialect: iceprod,
  });
  try {
    return routeOf(name).read(source);
  } catch (error) {
    if (error instanceof DomainError && error.kind === 'invalid') return error.message;
    throw error;
  }
};

const withBody = (name: string, value: unknown): unknown => read(name, { body: JSON.stringify(value) });

const DATASET = { description: 'd', jobs_submitted: 2, tasks_submitted: 4, tasks_per_job: 2, group: 'users' };
const JOB = { dataset_id: 'd', job_index: 0 };
const TASK = {
  dataset_id: 'd',
  job_id: 'j',
  task_index: 0,
  job_index: 0,
  name: 'n',
  depends: ['a'],
  requirements: { memory: 4 },
};

describe('bodies that create', () => {
  it.each([
    ['createDataset', DATASET, { jobs_submitted: 1 }, 'missing key: description'],
    ['createDataset', DATASET, { ...DATASET, group: undefined }, 'missing key: group'],
    ['createDataset', DATASET, { ...DATASET, jobs_submitted: '2' }, 'key "jobs_submitted" should be of type int'],
    ['createDataset', DATASET, { ...DATASET, jobs_submitted: 2.5 }, 'key "jobs_submitted" should be of type int'],
    ['createDataset', DATASET, { ...DATASET, jobs_submitted: true }, 'key "jobs_submitted" should be of type int'],
    ['createDataset', DATASET, { ...DATASET, jobs_submitted: null }, 'key "jobs_submitted" should be of type int'],
    ['createDataset', DATASET, { ...DATASET, priority: '1' }, 'key "priority" should be of type float'],
    ['createDataset', DATASET, { ...DATASET, debug: 1 }, 'key "debug" should be of type bool'],
    ['createDataset', DATASET, { ...DATASET, auth_groups_read: [1] }, 'key "auth_groups_read" should be of type list'],
    ['createDataset', DATASET, { ...DATASET, extra: 1, status: 7 }, 'key "status" should be of type str'],
    ['createDataset', DATASET, { ...DATASET, extra: 1 }, 'invalid keys found'],
    ['createDataset', DATASET, { ...DATASET, truncated: true }, 'invalid keys found'],
    ['addJob', JOB, { dataset_id: 'd' }, 'missing key: job_index'],
    ['addJob', JOB, { ...JOB, job_index: '0' }, 'key "job_index" should be of type int'],
    ['addJob', JOB, { ...JOB, toString: 1 }, 'invalid keys found'],
    ['addTask', TASK, { ...TASK, depends: 'a' }, 'key "depends" should be of type list'],
    ['addTask', TASK, { ...TASK, requirements: [] }, 'key "requirements" should be of type dict'],
    ['addTask', TASK, { ...TASK, failures: 1 }, 'invalid keys found'],
  ])('%s: %j becomes refused as %j', (name, good, bad, text) => {
    expect(typeof withBody(name, good)).toBe('object');
    expect(withBody(name, bad)).toBe(text);
  });

  it('take integral numbers however they are written, and refuse absurd ones', () => {
    const dataset = (number: string): string =>
      JSON.stringify(DATASET).replace('"jobs_submitted":2', `"jobs_submitted":${number}`);
    expect(read('createDataset', { body: dataset('2.0') })).toEqual(DATASET);
    expect(read('createDataset', { body: dataset('1e400') })).toBe('key "jobs_submitted" should be of type int');
    const priority = JSON.stringify(DATASET).replace('{', '{"priority":1e400,');
    expect(read('createDataset', { body: priority })).toBe('key "priority" should be of type float');
  });

  it('hand documents on to the letter', () => {
    const body = JSON.stringify({ ...TASK, requirements: 0 }).replace(
      '"requirements":0',
      '"requirements":{"memory": 4.0}',
    );
    expect(read('addTask', { body })).toEqual({ ...TASK, requirements: '{"memory": 4.0}' });
    const stat = '{"dataset_id":"d","time":1.0, "resources" : {"cpu":12345678901234567890}}';
    expect(read('addTaskStat', { params: { task_id: 't' }, body: stat })).toEqual({
      task_id: 't',
      dataset_id: 'd',
      stats: '{"time":1.0,"resources":{"cpu":12345678901234567890}}',
    });
    expect(read('addTaskStat', { body: '{"time":1}' })).toBe('Missing dataset_id in body');
  });
});

describe('bodies that change', () => {
  it.each([
    ['setDatasetStatus', {}, 'missing status'],
    ['setDatasetStatus', { status: 1 }, 'bad status'],
    ['setDatasetDescription', {}, 'missing description'],
    ['setDatasetDescription', { description: null }, 'bad description'],
    ['setDatasetPriority', {}, 'missing priority'],
    ['setDatasetPriority', { priority: 'high' }, 'priority is not a number'],
    ['setDatasetJobsSubmitted', {}, 'missing jobs_submitted'],
    ['setDatasetJobsSubmitted', { jobs_submitted: 'many' }, 'jobs_submitted is not an int'],
    ['setJobStatus', {}, 'Missing status in body'],
    ['setTaskStatus', { status: [] }, 'Bad status'],
    ['updateTask', {}, 'Missing update data'],
    ['setJobStatuses', {}, 'Missing jobs in body'],
    ['setJobStatuses', { jobs: [] }, 'Missing jobs in body'],
    ['setTaskStatuses', { tasks: [] }, 'Missing tasks in body'],
    ['setTaskStatuses', { tasks: Array.from({ length: 100_001 }, String) }, 'Too many tasks specified (limit: 100000)'],
    ['suspendTasks', { jobs: 'all' }, 'key "jobs" should be of type list'],
    ['setAccessRule', { read_groups: [] }, 'missing write_groups'],
    ['mergeRequirements', {}, 'Missing body'],
    ['mergeRequirements', { memory: 1, name: 'x' }, 'Invalid resource types'],
    ['mergeRequirements', { cpu: 3.5 }, 'Bad type for resource cpu'],
    ['replaceRequirements', { os: 'x' }, 'Bad type for resource os'],
    ['replaceRequirements', { memory: '1' }, 'Bad type for resource memory'],
    ['reportTaskProcessing', {}, 'Missing instance_id in body'],
    ['completeTask', { instance_id: 'i', time_used: '5' }, 'time_used is not a number, or negative'],
    ['promoteTasks', { task_ids: Array.from({ length: 101 }, String) }, 'too many tasks. must be <= 100'],
  ])('%s refuses %j', (name, body, text) => {
    expect(withBody(name, body)).toBe(text);
  });

  it('tell an empty selection from none', () => {
    expect(read('suspendTasks', { params: { dataset_id: 'd' } })).toEqual({ dataset_id: 'd', action: 'suspend' });
    expect(withBody('suspendTasks', { jobs: [] })).toMatchObject({ jobs: [] });
  });

  it('take the number of jobs as text too', () => {
    expect(withBody('setDatasetJobsSubmitted', { jobs_submitted: ' 12 ' })).toMatchObject({ jobs_submitted: 12 });
  });

  it('make a text of a site among requirements and keep the rest', () => {
    expect(read('mergeRequirements', { body: '{"memory":6.0,"site":5}' })).toMatchObject({
      requirements: '{"memory":6.0,"site":"5"}',
    });
  });

  it('take what Python writes for None as not given, in reports', () => {
    expect(withBody('completeTask', { instance_id: null, site: null, reason: { a: 1 } })).toEqual({
      task_id: '',
      report: 'complete',
      reason: '{"a":1}',
    });
  });

  it('have defaults where nothing is said', () => {
    expect(read('queueTasks', {})).toEqual({
      requirements: '{}',
      query_params: '{}',
      mode: 'queue_many',
      num: 1,
      dataset_deprio: [],
    });
  });
});

describe('query parameters', () => {
  it('are trimmed, the last one counts, an empty one is not given', () => {
    expect(read('queryTasks', { query: { site: [' a ', ' b '], status: ' ', limit: '', keys: '||' } })).toEqual({
      site: 'b',
    });
  });

  it('are lists separated by |; empty pieces of keys do not count', () => {
    expect(read('listTasks', { query: { status: 'idle||', keys: 'a||b|' } })).toMatchObject({
      statuses: ['idle', '', ''],
      keys: ['a', 'b'],
    });
  });

  it('come from a JSON body when the query string lacks them', () => {
    const body = '{"status":"idle","job_index":3,"name":["a","b"],"keys":null}';
    expect(read('listTasks', { query: { status: 'queued' }, body })).toEqual({
      dataset_id: '',
      statuses: ['queued'],
      names: ['a', 'b'],
      job_index: 3,
    });
  });

  it.each(['True', 'y', 'YES', 'on', '1', 't'])('understand %s as true', (gpu) => {
    expect(read('countTasks', { query: { gpu } })).toMatchObject({ gpu: true });
  });

  it.each(['False', 'n', 'NO', 'off', '0', 'f'])('understand %s as false', (gpu) => {
    expect(read('countTasks', { query: { gpu } })).toMatchObject({ gpu: false });
  });

  it('are refused when they are no boolean, no integer', () => {
    expect(read('countTasks', { query: { gpu: 'maybe' } })).toBe('gpu is not a bool');
    expect(read('listJobs', { query: { job_index: '1.5' } })).toBe('job_index is not an int');
  });

  it('sort by fields in a direction; an unusable limit is none', () => {
    expect(read('queryTasks', { query: { sort: 'priority=-1|a.b=1|name', limit: 'all' } })).toEqual({
      sort: [
        { field: 'priority', descending: true },
        { field: 'a.b', descending: false },
        { field: 'name', descending: false },
      ],
    });
    expect(read('queryTasks', { query: { limit: '7' } })).toEqual({ limit: 7 });
    const tooMany = Array.from({ length: 33 }, (_, index) => `a.b${index}`).join('|');
    expect(read('queryTasks', { query: { sort: tooMany } })).toBe('sort takes at most 32 fields');
  });
});
