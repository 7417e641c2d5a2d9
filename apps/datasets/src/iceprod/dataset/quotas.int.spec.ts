import { randomUUID } from 'node:crypto';
import type { Caller } from '#bus/contract.js';
import { MakeRequest } from '#contracts/iceprod/actions.js';
import {
  ChangeDataset,
  type ChangeDatasetRequest,
  PutConfig,
  SubmitDataset,
  type SubmitDatasetRequest,
} from '#contracts/iceprod/datasets.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { DatasetsModule } from '../../datasets.module.js';

const user = (username: string, ...groups: readonly string[]): Caller => ({
  subject: username,
  username,
  roles: ['user'],
  groups: ['users', ...groups],
});
const service: Caller = { subject: 'grid', username: 'iceprod-system', roles: ['system'], groups: [] };

const CONFIG = JSON.stringify({ version: 3.2, tasks: [{ name: 'a', trays: [{ modules: [{}] }] }] });

describe('quotas', () => {
  const host = new ServiceHost(DatasetsModule, {
    QUOTA_PER_USER: 'datasets=5,jobs=100,tasks=150,datasets_per_day=8,jobs_per_day=200,requests=2',
    QUOTA_PER_GROUP: 'jobs=160',
    DATASET_MIB_MAX: '1',
    QUOTA_EXCEPTIONS: 'user:carol:jobs=none,user:carol:tasks=none,user:carol:jobs_per_day=none',
  });
  beforeAll(() => host.start());
  afterAll(() => host.end());

  const submit = async (caller: Caller, jobs: number, fields: Partial<SubmitDatasetRequest> = {}): Promise<string> => {
    const { tasks_per_job: perJob = 1 } = fields;
    const counts = { jobs_submitted: jobs, tasks_per_job: perJob, tasks_submitted: jobs * perJob };
    const request = { description: 'd', group: 'users', ...counts, ...fields };
    return (await host.request(SubmitDataset, request, caller)).dataset_id;
  };
  type Change = ChangeDatasetRequest extends infer Each
    ? Each extends unknown
      ? Omit<Each, 'dataset_id'>
      : never
    : never;
  const change = (caller: Caller, dataset_id: string, fields: Change) =>
    host.request(ChangeDataset, { dataset_id, ...fields }, caller);
  const outcome = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'accepted',
      (error: unknown) => `${(error as { kind: string }).kind}: ${(error as Error).message}`,
    );
  const complete = { change: 'status', status: 'complete' } as const;

  it('bound the bytes of all configs that a dataset ever had', async () => {
    const dataset = await submit(service, 1);
    const config = `${CONFIG.slice(0, -1)},"comment":"${'x'.repeat(600_000)}"}`;
    const put = () => outcome(host.request(PutConfig, { dataset_id: dataset, config }, service));
    expect(await put()).toBe('accepted');
    expect(await put()).toMatch(
      /^too-large: quota of the dataset exceeded: at most 1 MiB of configs; 60\d{4} bytes there, 60\d{4} more asked for$/,
    );
  });

  it('bound the open jobs of a user, and say what is there and what was asked for', async () => {
    const alice = user('alice');
    await submit(alice, 90);
    expect(await outcome(submit(alice, 11))).toBe(
      'state: quota of user alice exceeded: at most 100 jobs may be open; 90 there, 11 more asked for',
    );
    expect(await outcome(submit(alice, 9e15))).toMatch(/^state: quota of user alice exceeded/);
    expect(await outcome(submit(alice, 10))).toBe('accepted');
    expect(await outcome(submit(user('another'), 10))).toBe('accepted');
  });

  it('count the tasks of all jobs, whatever tasks_submitted says, and nothing negative', async () => {
    const alice = user('tasks');
    expect(await outcome(submit(alice, 60, { tasks_per_job: 3, tasks_submitted: 0 }))).toMatch(
      /at most 150 tasks may be open; 0 there, 180 more/,
    );
    await outcome(submit(alice, -1000, { tasks_submitted: 0 }));
    expect(await outcome(submit(alice, 101))).toMatch(/at most 100 jobs may be open; 0 there, 101 more/);
  });

  it('count what is added later, and give back what is complete until it is opened again', async () => {
    const alice = user('later');
    const first = await submit(alice, 60);
    expect(await outcome(change(alice, first, { change: 'jobs_submitted', jobs_submitted: 101 }))).toMatch(
      /60 there, 41 more/,
    );
    await change(alice, first, { change: 'jobs_submitted', jobs_submitted: 80 });
    await change(alice, first, complete);
    await submit(alice, 90);
    expect(await outcome(change(alice, first, { change: 'hard_reset' }))).toMatch(/90 there, 80 more/);
    expect(await outcome(change(service, first, { change: 'hard_reset' }))).toBe('accepted');
    // More is there than the limit allows: what adds nothing is still accepted.
    await change(alice, first, { change: 'status', status: 'suspended' });
    expect(await outcome(change(alice, first, { change: 'jobs_submitted', jobs_submitted: 81 }))).toMatch(
      /170 there, 1 more/,
    );
  });

  it('bound what is submitted in a day, also when it is complete', async () => {
    const alice = user('daily');
    for (const jobs of [100, 100]) await change(alice, await submit(alice, jobs), complete);
    expect(await outcome(submit(alice, 1))).toMatch(
      /at most 200 jobs may be submitted in a day \(UTC\); 200 there, 1 more asked for/,
    );
    for (let datasets = 2; datasets < 8; datasets += 1) await change(alice, await submit(alice, 0), complete);
    expect(await outcome(submit(alice, 0))).toMatch(/at most 8 datasets may be submitted in a day/);
  });

  it('bound what the members of a group have open together', async () => {
    const [one, other] = [user('one', 'simprod'), user('other', 'simprod')];
    const fields = { group: 'simprod' };
    const first = await submit(one, 100, fields);
    expect(await outcome(submit(other, 61, fields))).toBe(
      'state: quota of group simprod exceeded: at most 160 jobs may be open; 100 there, 61 more asked for',
    );
    expect(await outcome(submit(other, 61))).toBe('accepted');
    // Whoever extends it: it stays the dataset of its owner.
    expect(await outcome(change(other, first, { change: 'jobs_submitted', jobs_submitted: 101 }))).toMatch(
      /quota of user one exceeded/,
    );
  });

  it('let services and exceptions through, and count for the owner what services submit', async () => {
    expect(await outcome(submit(user('carol'), 1_000_000))).toBe('accepted');
    expect(await outcome(submit(service, 1e15, { username: 'dave' }))).toBe('accepted');
    expect(await outcome(submit(user('dave'), 1))).toMatch(/quota of user dave exceeded: at most 100 jobs/);
    // Sums beyond what numbers hold exactly still refuse.
    for (let times = 0; times < 3; times += 1) await submit(service, 9e15, { username: 'dave' });
    expect(await outcome(submit(user('dave'), 1))).toMatch(/quota of user dave exceeded: at most 100 jobs/);
  });

  it('let through as many of simultaneous submissions as fit', async () => {
    const alice = user('simultaneous');
    const outcomes = await Promise.all(Array.from({ length: 40 }, () => outcome(submit(alice, 30))));
    expect(outcomes.filter((each) => each === 'accepted')).toHaveLength(3);
    expect(new Set(outcomes.map((each) => each.split(':')[0]))).toEqual(new Set(['accepted', 'state']));
  });

  it('refuse no repeat of what was accepted', async () => {
    const alice = user('repeat');
    const counts = { jobs_submitted: 100, tasks_submitted: 100, tasks_per_job: 1 };
    const request = { description: 'd', group: 'users', ...counts };
    const id = randomUUID();
    const first = await host.request(SubmitDataset, request, alice, id);
    expect(await host.request(SubmitDataset, request, alice, id)).toEqual(first);
    expect(await outcome(host.request(SubmitDataset, request, alice))).toMatch(/quota/);
  });

  it('bound the open requests of a user, and tell at once that a submission is too large', async () => {
    const alice = user('requests');
    const ask = (jobs: number) => {
      const given = JSON.stringify({ config: CONFIG, description: 'd', jobs_submitted: jobs });
      return outcome(host.request(MakeRequest, { action: 'submit', arguments: given }, alice));
    };
    expect(await ask(101)).toMatch(/^state: quota of user requests exceeded: at most 100 jobs/);
    expect(await Promise.all([ask(1), ask(1), ask(1)])).toEqual([
      ...['accepted', 'accepted'],
      'state: quota of user requests exceeded: at most 2 requests may be open; 2 there, 1 more asked for',
    ]);
  });

  it('know the same after the tables are made again', async () => {
    const [alice, daily] = [user('alice'), user('daily')];
    const refusals = async () => [
      ...[await outcome(submit(alice, 1)), await outcome(submit(daily, 1)), await outcome(submit(user('one'), 100))],
      await outcome(submit(user('other', 'simprod'), 61, { group: 'simprod' })),
      await outcome(submit(user('dave'), 1)),
      await outcome(
        host.request(
          MakeRequest,
          { action: 'submit', arguments: JSON.stringify({ config: CONFIG, description: 'd', jobs_submitted: 1 }) },
          user('requests'),
        ),
      ),
    ];
    const before = await refusals();
    expect(before.every((each) => each.startsWith('state: quota of'))).toBe(true);
    await host.rebuild();
    expect(await refusals()).toEqual(before);
  });
});
