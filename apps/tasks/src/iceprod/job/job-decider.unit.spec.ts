import { DomainError } from '#platform/domain-error.js';
import { JOB_STATUSES, type JobStatus } from '#contracts/iceprod/statuses.js';
import type { Ranges } from '#contracts/work-events.js';
import type { Decision, SlicedDecision } from '#event-sourcing/command.js';
import { finished } from '../task/testing/task-spec.js';
import {
  actOnJobs,
  addJob,
  addJobs,
  amendJob,
  JOBS_PER_REQUEST_MAX,
  type JobView,
  jobsAdded,
  readStatuses,
  setJobsStatus,
  setJobStatus,
} from './job-decider.js';
import type { Job } from './job.js';

const TIME_MICROS = 1_767_225_600_000_123;
const STREAM = 'work-d';

const job = (ordinal: number, status: JobStatus | undefined, changes: Partial<Job> = {}): Job => ({
  id: `j${String(ordinal)}`,
  stream: STREAM,
  ordinal,
  datasetId: 'd',
  index: ordinal,
  status,
  changedMicros: TIME_MICROS - 1,
  extra: undefined,
  ...changes,
});

const viewOf = (jobs: readonly Job[]): JobView => ({
  byId: (id) => jobs.find((each) => each.id === id),
  slicesOf: (datasetId, statuses) => [
    jobs.filter(
      (each) =>
        each.datasetId === datasetId &&
        (statuses.length === 0 || (each.status !== undefined && statuses.includes(each.status))),
    ),
  ],
  streamOf: (datasetId) => `work-${datasetId}`,
  nextOrdinal: (datasetId) => jobs.filter((each) => each.stream === `work-${datasetId}`).length,
});

/** A decision in short form: errors as `kind: message`, events with stream, type and data. */
const outcome = (decision: Decision<unknown> | SlicedDecision<unknown>): unknown => {
  const decided = finished(decision);
  if (decided instanceof DomainError) return `${decided.kind}: ${decided.message}`;
  return decided.events.map(({ stream, type, data }) => ({ stream, type, ...data }));
};

const moved = (groups: Ranges, status: string, stream = STREAM): object => ({
  stream,
  type: 'GroupsMoved',
  groups,
  status,
});

describe('adding a job', () => {
  const view = viewOf([job(0, 'processing')]);

  it('uses the next ordinal and the new id', () => {
    const decision = addJob(view, { dataset_id: 'd', job_index: 7 }, 'fresh');
    expect(outcome(decision)).toEqual([
      {
        stream: STREAM,
        type: 'GroupsAdded',
        groups: [[1, 1]],
        workload_id: 'd',
        first_index: 7,
        status: 'processing',
        ids: { id: 'fresh' },
      },
    ]);
    expect(decision).toMatchObject({ reply: { job_id: 'fresh' } });
  });

  it.each([
    '8f1c2d3e4b5a11ef9a2b0242ac120002',
    '8f1c2d3e-4b5a-11ef-9a2b-0242ac120002',
    '{8F1C2D3E-4B5A-11EF-9A2B-0242AC120002}',
    'urn:uuid:8f1c2d3e-4b5a-11ef-9a2b-0242ac120002',
  ])('stores the given id %s as given', (id) => {
    expect(addJob(view, { dataset_id: 'd', job_index: 0, job_id: id }, 'fresh')).toMatchObject({
      reply: { job_id: id },
      events: [{ data: { ids: { id } } }],
    });
  });

  it.each(['', 'j0', '8f1c2d3e4b5a11ef9a2b0242ac12000', '8f1c2d3e4b5a11ef9a2b0242ac12000g'])(
    'refuses the id %j',
    (id) => {
      expect(outcome(addJob(view, { dataset_id: 'd', job_index: 0, job_id: id }, 'fresh'))).toBe(
        'invalid: job_id should be a valid uuid',
      );
    },
  );

  it('refuses an id that exists, in whatever dataset', () => {
    const id = '8f1c2d3e4b5a11ef9a2b0242ac120002';
    const taken = viewOf([job(0, 'processing', { id, datasetId: 'other' })]);
    expect(outcome(addJob(taken, { dataset_id: 'd', job_index: 0, job_id: id }, 'fresh'))).toMatch(/^conflict: /);
  });

  it('refuses an unknown status and an index that no integer can hold', () => {
    expect(outcome(addJob(view, { dataset_id: 'd', job_index: 0, status: 'idle' }, 'x'))).toBe(
      'invalid: unknown status',
    );
    expect(outcome(addJob(view, { dataset_id: 'd', job_index: 1e300 }, 'x'))).toMatch(/^invalid: key "job_index"/);
  });

  it('makes one event for many', () => {
    expect(
      jobsAdded(view, { datasetId: 'd', firstIndex: 1, count: 100_000, status: 'processing' }, { prefix: 'p' }).data,
    ).toEqual({
      groups: [[1, 100_000]],
      workload_id: 'd',
      first_index: 1,
      status: 'processing',
      ids: { prefix: 'p' },
    });
  });
});

describe('adding many jobs', () => {
  const view = viewOf([job(0, 'processing')]);
  const add = (request: object) =>
    outcome(addJobs(view, { dataset_id: 'd', first_job_index: 0, count: 1, ...request }, 'p'));

  it('is one event', () => {
    expect(add({ first_job_index: 3, count: 5, status: 'suspended' })).toEqual([
      {
        ...{ stream: STREAM, type: 'GroupsAdded', groups: [[1, 5]], workload_id: 'd', first_index: 3 },
        ...{ status: 'suspended', ids: { prefix: 'p' } },
      },
    ]);
  });

  it.each([
    [{ status: 'idle' }, 'unknown status'],
    [{ count: 0 }, 'count must be an integer from 1 to 100000'],
    [{ count: JOBS_PER_REQUEST_MAX + 1 }, 'count must be an integer from 1 to 100000'],
    [{ first_job_index: -1 }, 'first_job_index must be an integer from 0 on'],
    [{ first_job_index: Number.MAX_SAFE_INTEGER }, 'first_job_index must be an integer from 0 on'],
  ])('refuses %j', (request, reason) => {
    expect(add(request)).toBe(`invalid: ${reason}`);
  });
});

describe('the status of a job', () => {
  const allowed: readonly (readonly [JobStatus, readonly JobStatus[]])[] = [
    ['processing', ['suspended', 'errors', 'complete']],
    ['suspended', ['processing']],
    ['errors', ['processing']],
    ['complete', []],
  ];
  const rows = allowed.flatMap(([from, targets]) =>
    JOB_STATUSES.map((to) => [from, to, from === to ? 'same' : targets.includes(to) ? 'moves' : 'refused'] as const),
  );

  it.each(rows)('%s to %s: %s', (from, to, what) => {
    const expected = {
      same: [],
      moves: [moved([[0, 0]], to)],
      refused: 'state: Bad state transition for status',
    };
    const view = viewOf([job(0, from)]);
    expect(outcome(setJobStatus(view, { dataset_id: 'd', job_id: 'j0', status: to }))).toEqual(expected[what]);
  });

  it('cannot be changed from an unknown word', () => {
    const view = viewOf([job(0, undefined)]);
    expect(outcome(setJobStatus(view, { dataset_id: 'd', job_id: 'j0', status: 'processing' }))).toBe(
      'state: Bad state transition for status',
    );
  });

  it('refuses unknown words before it looks for the job', () => {
    expect(outcome(setJobStatus(viewOf([]), { dataset_id: 'd', job_id: 'j0', status: 'idle' }))).toBe(
      'invalid: Bad status',
    );
  });

  it('is not found in another dataset', () => {
    const view = viewOf([job(0, 'processing', { datasetId: 'other' })]);
    for (const id of ['j0', 'nope']) {
      expect(outcome(setJobStatus(view, { dataset_id: 'd', job_id: id, status: 'errors' }))).toBe(
        'not-found: Job not found',
      );
    }
  });
});

describe('bulk_status', () => {
  const view = viewOf([
    job(0, 'processing'),
    job(1, 'complete'),
    job(2, 'processing'),
    job(3, 'processing'),
    job(4, 'processing', { datasetId: 'other' }),
    job(5, 'suspended'),
    job(0, 'processing', { id: 'guest', stream: 'work-elsewhere' }),
  ]);
  const set = (jobs: readonly string[], status: string): unknown =>
    outcome(setJobsStatus(view, { dataset_id: 'd', jobs, status }));

  it('moves jobs that may move, once, in their home streams', () => {
    expect(set(['j3', 'j2', 'j0', 'j2', 'j1', 'j4', 'guest', 'nope'], 'suspended')).toEqual([
      moved(
        [
          [0, 0],
          [2, 3],
        ],
        'suspended',
      ),
      moved([[0, 0]], 'suspended', 'work-elsewhere'),
    ]);
  });

  it('changes nothing when all existing jobs have the status', () => {
    expect(set(['j1', 'nope'], 'complete')).toEqual([]);
  });

  it.each([[['nope']], [['j4']], [['j1']], [['j5', 'j1']]])('finds none to move to suspended among %j', (jobs) => {
    expect(set(jobs, 'suspended')).toBe('not-found: Jobs not found');
  });

  it('checks the list, then the status', () => {
    expect(set([], 'idle')).toBe('invalid: Missing jobs in body');
    expect(set(['j0'], 'idle')).toBe('invalid: Bad status');
    expect(set(new Array<string>(JOBS_PER_REQUEST_MAX + 1).fill('j0'), 'complete')).toMatch(/^invalid: Too many jobs/);
  });
});

describe('bulk actions', () => {
  const view = viewOf([
    job(0, 'processing'),
    job(1, 'suspended'),
    job(2, 'errors'),
    job(3, 'complete'),
    job(4, undefined),
    job(5, 'processing', { datasetId: 'other' }),
  ]);

  it.each([
    ['suspend', [[0, 0]], 'suspended'],
    ['reset', [[1, 2]], 'processing'],
    ['hard_reset', [[1, 4]], 'processing'],
  ] as const)('%s takes %j of all jobs to %s', (action, groups, status) => {
    expect(outcome(actOnJobs(view, { dataset_id: 'd', action }))).toEqual([moved(groups, status)]);
  });

  it('take only listed jobs of the dataset', () => {
    expect(
      outcome(actOnJobs(view, { dataset_id: 'd', action: 'hard_reset', jobs: ['j3', 'j5', 'nope', 'j0'] })),
    ).toEqual([moved([[3, 3]], 'processing')]);
  });

  it('take no job from an empty list', () => {
    expect(outcome(actOnJobs(view, { dataset_id: 'd', action: 'hard_reset', jobs: [] }))).toEqual([]);
  });

  it('refuse lists that are too long', () => {
    const jobs = new Array<string>(JOBS_PER_REQUEST_MAX + 1).fill('j0');
    expect(outcome(actOnJobs(view, { dataset_id: 'd', action: 'suspend', jobs }))).toMatch(/^invalid: Too many jobs/);
  });

  it('yield while they choose from many jobs', () => {
    const deciding = actOnJobs(view, {
      dataset_id: 'd',
      action: 'suspend',
      jobs: Array.from({ length: 3000 }, (_, index) => `nope${index}`),
    });
    expect([...deciding]).toHaveLength(12);
  });
});

describe('amending a job', () => {
  const view = viewOf([job(0, 'processing'), job(1, 'complete')]);
  const amend = (fields: string, id = 'j0'): Decision<{ document: string }> =>
    amendJob(view, { job_id: id, fields }, TIME_MICROS);

  it('answers the document after the change, number texts untouched', () => {
    expect(amend('{"weight":1.0,"requirements.cpu":2.50}')).toMatchObject({
      events: [{ type: 'GroupAmended', data: { groups: [[0, 0]], fields: '{"weight":1.0,"requirements.cpu":2.50}' } }],
      reply: {
        document:
          '{"job_id":"j0","dataset_id":"d","job_index":0,"status":"processing",' +
          '"status_changed":"2026-01-01T00:00:00.000122","weight":1.0,"requirements":{"cpu":2.50}}',
      },
    });
  });

  it('checks in this order: empty, unknown', () => {
    expect(outcome(amend('{}', 'nope'))).toBe('invalid: Missing update data');
    expect(outcome(amend('{"a":1}', 'nope'))).toBe('not-found: Job not found');
  });

  it('keeps ids usable', () => {
    expect(outcome(amend('{"job_id":7}'))).toBe('invalid: key "job_id" should be of type str');
    expect(outcome(amend('{"dataset_id":null}'))).toBe('invalid: key "dataset_id" should be of type str');
    expect(outcome(amend('{"job_id":"j1"}'))).toMatch(/^conflict: /);
    expect(outcome(amend('{"job_id":"j0"}'))).toHaveLength(1);
    expect(outcome(amend('{"job_id.x":1}'))).toMatch(/^invalid: Cannot set field/);
  });

  it('refuses fields that do not fit an event', () => {
    expect(outcome(amend(JSON.stringify({ a: 'x'.repeat(300_000) })))).toBe('invalid: Update data too large');
    expect(outcome(amend(JSON.stringify({ ['a.b'.repeat(3000)]: 1 })))).toMatch(/^invalid: /);
  });
});

describe('status filters', () => {
  it('take known words only', () => {
    expect(readStatuses(undefined)).toEqual([]);
    expect(readStatuses(['errors', 'complete'])).toEqual(['errors', 'complete']);
    expect(readStatuses(['errors', ''])).toMatchObject({ kind: 'invalid', message: 'Unknown status' });
  });
});
