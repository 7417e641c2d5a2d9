import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';
import type { ChangeDatasetRequest, SubmitDatasetRequest } from '#contracts/iceprod/datasets.js';
import { DATASET_STATUSES, type DatasetStatus } from '#contracts/iceprod/statuses.js';
import { changeDataset } from './change-dataset.js';
import { type Dataset, type DatasetEvent, evolve } from './dataset.js';
import { submissionOf } from './submit-dataset.js';

const alice: Caller = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['users', 'simprod'] };
const system: Caller = { subject: 's', username: 'iceprod-system', roles: ['system'], groups: [] };

const request: SubmitDatasetRequest = {
  description: 'muon gun, set 3',
  jobs_submitted: 100,
  tasks_submitted: 300,
  tasks_per_job: 3,
  group: 'simprod',
};
const isGroup = (name: string): boolean => ['admin', 'simprod', 'users'].includes(name);
const submit = (fields: Partial<SubmitDatasetRequest>, caller = alice) =>
  submissionOf({ ...request, ...fields }, caller, isGroup);

const messageOf = (outcome: unknown): string | undefined =>
  outcome instanceof DomainError ? `${outcome.kind}: ${outcome.message}` : undefined;

describe('a submission', () => {
  it('gets the defaults, the owner and the first access rule', () => {
    expect(submit({})).toEqual({
      ...request,
      username: 'alice',
      status: 'processing',
      priority: 0.5,
      debug: false,
      jobs_immutable: false,
      always_active: false,
      access: {
        read_groups: ['admin', 'simprod', 'users'],
        write_groups: ['admin', 'simprod'],
        read_users: ['alice'],
        write_users: ['alice'],
      },
      submitter: 'alice',
    });
  });

  it('keeps the group users from writing', () => {
    expect(submit({ group: 'users', auth_groups_read: [] })).toMatchObject({
      access: { read_groups: ['admin', 'users'], write_groups: ['admin'] },
    });
  });

  it('takes another user name from admins and system only', () => {
    expect(submit({ username: 'bob' })).toMatchObject({ username: 'alice', submitter: 'alice' });
    expect(submit({ username: 'bob' }, system)).toMatchObject({
      username: 'bob',
      submitter: 'iceprod-system',
      access: { read_users: ['bob'], write_users: ['bob'] },
    });
    expect(submit({}, system)).toMatchObject({ username: 'iceprod-system' });
  });

  it.each<[string, Partial<SubmitDatasetRequest>]>([
    ['invalid: "tasks_per_job" must be > 0', { jobs_submitted: 0, tasks_submitted: 0, tasks_per_job: 0 }],
    [
      'invalid: "tasks_submitted" must be "jobs_submitted" times "tasks_per_job"',
      { jobs_submitted: 10, tasks_submitted: 31, status: 'bad', group: 'bad' },
    ],
    [
      'invalid: "tasks_submitted" must be "jobs_submitted" times "tasks_per_job"',
      { jobs_submitted: 0, tasks_submitted: 3 },
    ],
    ['invalid: unknown status', { status: 'truncated', group: 'bad' }],
    ['invalid: invalid group', { group: 'nobody' }],
    ['invalid: invalid group', { auth_groups_read: ['nobody'] }],
    ['invalid: dataset too large', { description: 'x'.repeat(130 * 1024) }],
  ])('is refused: %s', (message, fields) => {
    expect(messageOf(submit(fields))).toBe(message);
  });

  it.each<[Partial<SubmitDatasetRequest>]>([
    [{ jobs_submitted: 0, tasks_submitted: 0, tasks_per_job: 3 }],
    [{ jobs_submitted: 5, tasks_submitted: 0, tasks_per_job: 0 }],
    [{ status: 'suspended' }],
  ])('is fine with %j', (fields) => {
    expect(submit(fields)).toMatchObject(fields);
  });
});

const TIME = 1_767_225_600_000_001;
type Event = {
  [Type in DatasetEvent['type']]: Omit<Extract<DatasetEvent, { type: Type }>, 'timeMicros'>;
}[DatasetEvent['type']];
const after = (...events: readonly Event[]): Dataset | undefined =>
  events.reduce<Dataset | undefined>((dataset, event) => evolve(dataset, { ...event, timeMicros: TIME }), undefined);

const submitted = (fields: Partial<SubmitDatasetRequest> = {}): Event => {
  const submission = submit(fields);
  if (submission instanceof DomainError) throw submission;
  return { type: 'WorkloadSubmitted', data: { ...submission, workload_id: 'd', dataset: 7 } };
};
type Asked = ChangeDatasetRequest extends infer Each
  ? Each extends unknown
    ? Omit<Each, 'dataset_id'>
    : never
  : never;
const given = (...events: readonly Event[]) => ({
  when: (change: Asked, caller = alice) => changeDataset(after(...events), { dataset_id: 'd', ...change }, caller),
});

it('shows a submitted dataset', () => {
  expect(after(submitted())).toEqual({
    dataset_id: 'd',
    dataset: 7,
    ...request,
    username: 'alice',
    status: 'processing',
    priority: 0.5,
    debug: false,
    jobs_immutable: false,
    always_active: false,
    start_date: '2026-01-01T00:00:00.000001',
    truncated: false,
  });
});

describe('status', () => {
  // (from, to) -> allowed: every pair of the vocabulary.
  const ALLOWED: readonly (readonly [DatasetStatus, DatasetStatus])[] = [
    ['processing', 'suspended'],
    ['processing', 'errors'],
    ['processing', 'complete'],
    ['suspended', 'processing'],
    ['errors', 'processing'],
    ['errors', 'suspended'],
  ];
  const pairs = DATASET_STATUSES.flatMap((from) => DATASET_STATUSES.map((to) => [from, to] as const));

  it.each(pairs)('%s to %s', (status, to) => {
    const outcome = given(submitted({ status })).when({ change: 'status', status: to });
    if (status === to) expect(outcome).toEqual([]);
    else if (ALLOWED.some(([one, other]) => one === status && other === to)) {
      expect(outcome).toEqual([{ type: 'WorkloadMoved', data: { status: to } }]);
      expect(after(submitted({ status }), { type: 'WorkloadMoved', data: { status: to } })?.status).toBe(to);
    } else expect(messageOf(outcome)).toBe('state: Bad state transition for status');
  });

  it('takes the legacy word for the truncate action', () => {
    expect(given(submitted()).when({ change: 'status', status: 'truncated' })).toEqual([
      { type: 'DatasetTruncated', data: {} },
    ]);
    expect(messageOf(given(submitted({ status: 'complete' })).when({ change: 'status', status: 'truncated' }))).toBe(
      'state: Cannot truncate complete dataset',
    );
  });

  it('refuses an unknown word before it asks for the dataset', () => {
    expect(messageOf(given().when({ change: 'status', status: 'bad' }))).toBe('invalid: bad status');
    expect(messageOf(given().when({ change: 'status', status: 'errors' }))).toBe('not-found: Dataset not found');
  });
});

describe('truncate', () => {
  it('sets the flag once and cannot be undone by a hard reset', () => {
    const truncated: Event = { type: 'DatasetTruncated', data: {} };
    expect(given(submitted()).when({ change: 'truncate' })).toEqual([truncated]);
    expect(given(submitted(), truncated).when({ change: 'truncate' })).toEqual([]);
    expect(
      after(submitted(), truncated, { type: 'WorkloadMoved', data: { status: 'processing', forced: true } }),
    ).toMatchObject({
      truncated: true,
      status: 'processing',
    });
  });

  it('is refused for a complete dataset', () => {
    expect(messageOf(given(submitted({ status: 'complete' })).when({ change: 'truncate' }))).toBe(
      'state: Cannot truncate complete dataset',
    );
  });
});

it.each(DATASET_STATUSES)('a hard reset leads from %s to processing', (status) => {
  const outcome = given(submitted({ status })).when({ change: 'hard_reset' });
  expect(outcome).toEqual(
    status === 'processing' ? [] : [{ type: 'WorkloadMoved', data: { status: 'processing', forced: true } }],
  );
});

describe('jobs_submitted', () => {
  it('takes tasks_submitted along', () => {
    const extended: Event = { type: 'DatasetExtended', data: { jobs_submitted: 110, tasks_submitted: 330 } };
    expect(given(submitted()).when({ change: 'jobs_submitted', jobs_submitted: 110 })).toEqual([extended]);
    expect(after(submitted(), extended)).toMatchObject({ jobs_submitted: 110, tasks_submitted: 330 });
    expect(given(submitted()).when({ change: 'jobs_submitted', jobs_submitted: 100 })).toEqual([]);
  });

  it('does not reopen a complete dataset', () => {
    expect(given(submitted({ status: 'complete' })).when({ change: 'jobs_submitted', jobs_submitted: 101 })).toEqual([
      { type: 'DatasetExtended', data: { jobs_submitted: 101, tasks_submitted: 303 } },
    ]);
  });

  it.each<[string, Partial<SubmitDatasetRequest>, number]>([
    ['state: jobs_submitted must not be less than before', {}, 99],
    ['state: jobs_submitted is immutable', { jobs_immutable: true }, 101],
    ['state: tasks_per_job must be > 0', { tasks_per_job: 0, tasks_submitted: 0 }, 101],
    ['invalid: jobs_submitted is not an int', {}, 100.5],
  ])('is refused: %s', (message, fields, jobs) => {
    expect(messageOf(given(submitted(fields)).when({ change: 'jobs_submitted', jobs_submitted: jobs }))).toBe(message);
  });
});

describe('description and priority', () => {
  it('are replaced, and a repeat is no event', () => {
    expect(given(submitted()).when({ change: 'description', description: 'new' })).toEqual([
      { type: 'DatasetDescribed', data: { description: 'new' } },
    ]);
    expect(given(submitted()).when({ change: 'priority', priority: 0.5 })).toEqual([]);
    expect(after(submitted(), { type: 'WorkloadPrioritized', data: { priority: 2 } })?.priority).toBe(2);
  });

  it('need a dataset', () => {
    expect(messageOf(given().when({ change: 'priority', priority: 1 }))).toBe('not-found: Dataset not found');
  });
});

describe('a status that automation has set', () => {
  const suspended = after(submitted({ status: 'suspended' }));
  const suspend = { dataset_id: 'd', change: 'status', status: 'suspended' } as const;

  it('is recorded again when a person sets it, so that automation leaves it alone', () => {
    const moved = [{ type: 'WorkloadMoved', data: { status: 'suspended' } }];
    expect(changeDataset(suspended, suspend, alice, 'no config arrived in time')).toEqual(moved);
    expect(changeDataset(suspended, suspend, alice)).toEqual([]);
    expect(changeDataset(suspended, { ...suspend, reason: 'no config' }, system, 'no config')).toEqual([]);
  });
});
