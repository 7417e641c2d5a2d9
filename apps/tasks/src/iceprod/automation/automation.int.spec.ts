import { jest } from '@jest/globals';
import { eventually } from '#platform/testing/eventually.js';
import type { Caller } from '#bus/contract.js';
import { AddJob, GetJob, SetJobStatus } from '#contracts/iceprod/jobs.js';
import { AddTask, ClaimTasks, GetTask, ReportTask } from '#contracts/iceprod/tasks.js';
import type { DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';
import { submitDataset } from '../testing/submit-dataset.js';
import { ChangeTracker } from './change-tracker.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const FIVE_MINUTES_MS = 5 * 60_000;

interface Task {
  readonly status: string;
  readonly priority: number;
}

/** Runs a tasks service with its automation and sends it what tests need. */
class AutomationHarness {
  private constructor(private readonly host: ServiceHost) {}

  static async start(steps: string): Promise<AutomationHarness> {
    const host = new ServiceHost(TasksModule, { CAIRN_AUTOMATION: steps, CAIRN_AUTOMATION_DELAY: '0.05' });
    await host.start();
    return new AutomationHarness(host);
  }

  end(): Promise<void> {
    return this.host.end();
  }

  /** Waits until automation has looked at all changes: what happens then is not overtaken by them. */
  async settled(): Promise<void> {
    await eventually(() => Promise.resolve(this.host.part(ChangeTracker).isEmpty), true);
  }

  async submit(id: string, facts: Partial<DatasetSubmitted>): Promise<void> {
    await submitDataset(this.host.ledger, id, facts);
  }

  async job(dataset: string, index: number): Promise<string> {
    const { job_id } = await this.host.request(AddJob, { dataset_id: dataset, job_index: index }, SYSTEM);
    return job_id;
  }

  async task(dataset: string, job: string, index: number, more: object = {}): Promise<string> {
    const place = { dataset_id: dataset, job_id: job, job_index: index, task_index: 0, name: 't', depends: [] };
    const request = { ...place, requirements: '{}', ...more };
    return (await this.host.request(AddTask, request, SYSTEM)).task_id;
  }

  async stopJob(dataset: string, job: string): Promise<void> {
    await this.host.request(SetJobStatus, { dataset_id: dataset, job_id: job, status: 'suspended' }, SYSTEM);
  }

  readonly taskAt = async (id: string): Promise<Task> =>
    JSON.parse((await this.host.request(GetTask, { task_id: id }, SYSTEM)).document) as Task;

  readonly statusOf = async (id: string): Promise<string> => (await this.taskAt(id)).status;

  readonly jobStatusOf = async (id: string): Promise<string> => {
    const { document } = await this.host.request(GetJob, { job_id: id }, SYSTEM);
    return (JSON.parse(document) as { status: string }).status;
  };

  async claim(num: number, dataset: string): Promise<readonly { task_id: string; instance_id: string }[]> {
    const query_params = JSON.stringify({ dataset_id: dataset });
    const request = { mode: 'queue_many' as const, num, requirements: '{}', query_params, dataset_deprio: [] };
    const { documents } = await this.host.request(ClaimTasks, request, SYSTEM);
    return documents.map((document) => JSON.parse(document) as { task_id: string; instance_id: string });
  }

  async complete(claimed: { readonly task_id: string; readonly instance_id: string } | undefined): Promise<void> {
    const { task_id = '', instance_id = '' } = claimed ?? {};
    await this.host.request(ReportTask, { task_id, instance_id, report: 'complete' }, SYSTEM);
  }
}

const useHarness = (steps: string): (() => AutomationHarness) => {
  let opened: AutomationHarness | undefined;
  beforeEach(async () => {
    opened = await AutomationHarness.start(steps);
  });
  afterEach(() => opened?.end());
  return () => {
    if (opened === undefined) throw new Error('The harness is not started');
    return opened;
  };
};

describe.each<[string, object]>([
  ['priority', { free: ['idle', 0.4] }],
  ['queue', { free: ['waiting', 0.125], blocked: ['idle', 0] }],
  ['job_completion', { done: 'complete' }],
  ['dataset_cleanup', { ofStopped: 'suspended', waiting: 'suspended' }],
])('the step %s alone', (step, changes) => {
  const harness = useHarness(step);

  it('changes only what is its own task', async () => {
    const cairn = harness();
    const submitWork = async (round: number) => {
      const [processing, stopped] = [`p${String(round)}`, `s${String(round)}`];
      // Its priority is 0.5 (of the group) - 1/4 (all tasks are its own), and of the task - 0.1 (in the middle).
      await cairn.submit(processing, { group: 'unknown', jobs_submitted: 400, tasks_submitted: 400 });
      await cairn.submit(stopped, { status: 'suspended', jobs_submitted: 1, tasks_submitted: 1 });
      const [done, halted] = [await cairn.job(processing, 0), await cairn.job(processing, 1)];
      await cairn.task(processing, done, 0, { status: 'complete' });
      await cairn.stopJob(processing, halted);
      const ofStopped = await cairn.task(processing, halted, 1, { status: 'idle', depends: ['nobody'], priority: 0 });
      const free = await cairn.task(processing, 'j', 200, { priority: 0.125 });
      const blocked = await cairn.task(processing, 'j', 200, { priority: 0.125, depends: [free] });
      const waiting = await cairn.task(stopped, 'k', 0, { status: 'waiting' });
      return { done, ofStopped, free, blocked, waiting };
    };
    const seen = async ({ done, ofStopped, free, blocked, waiting }: Awaited<ReturnType<typeof submitWork>>) => {
      const at = async (id: string) => {
        const { status, priority } = await cairn.taskAt(id);
        return [status, Math.round(priority * 1000) / 1000];
      };
      return {
        done: await cairn.jobStatusOf(done),
        ofStopped: await cairn.statusOf(ofStopped),
        free: await at(free),
        blocked: await at(blocked),
        waiting: await cairn.statusOf(waiting),
      };
    };
    const untouched = { done: 'processing', ofStopped: 'idle', free: ['idle', 0.125], blocked: ['idle', 0.125] };
    const first = await submitWork(1);
    if (step === 'priority') {
      await eventually(async () => (await cairn.taskAt(first.free)).priority === 0.125, false);
    } else {
      await eventually(() => seen(first), { ...untouched, waiting: 'waiting', ...changes });
    }
    // When it has changed the second round, it has finished the first.
    const second = await submitWork(2);
    const isTouched = async () =>
      JSON.stringify(await seen(second)) !== JSON.stringify({ ...untouched, waiting: 'waiting' });
    await eventually(isTouched, true);
    const { free, ...others } = await seen(first);
    const { free: changed, ...expected } = { ...untouched, waiting: 'waiting', ...changes };
    expect(others).toEqual(expected);
    expect(free[0]).toBe(changed[0]);
  });
});

describe('weights that change with time', () => {
  const harness = useHarness('on');

  beforeAll(() => {
    const others = ['Date', 'hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'] as const;
    jest.useFakeTimers({ doNotFake: [...others, 'clearImmediate', 'setTimeout', 'clearTimeout'] });
  });
  afterAll(() => {
    jest.useRealTimers();
  });

  it('are computed again every five minutes', async () => {
    const cairn = harness();
    const size = { jobs_submitted: 1_000, tasks_submitted: 1_000, always_active: true };
    await cairn.submit('one', size);
    await cairn.submit('other', size);
    const task = await cairn.task('one', 'j', 500);
    const job = await cairn.job('other', 0);
    const ending = await cairn.task('other', job, 0);
    for (const id of [task, ending]) await eventually(() => cairn.statusOf(id), 'waiting');
    // Of the group a half, without a quarter of the half of all active tasks, and without a tenth for the middle of the jobs.
    await eventually(async () => (await cairn.taskAt(task)).priority.toFixed(6), (1 / 2 - 1 / 8 - 1 / 10).toFixed(6));
    await cairn.settled();
    const [claimed] = await cairn.claim(1, 'other');
    await cairn.complete(claimed);
    await eventually(() => cairn.jobStatusOf(job), 'complete');
    expect((await cairn.taskAt(task)).priority).toBeCloseTo(1 / 2 - 1 / 8 - 1 / 10, 6);
    jest.advanceTimersByTime(FIVE_MINUTES_MS);
    await eventually(async () => (await cairn.taskAt(task)).priority.toFixed(6), (1 / 2 - 1 / 4 - 1 / 10).toFixed(6));
  });
});
