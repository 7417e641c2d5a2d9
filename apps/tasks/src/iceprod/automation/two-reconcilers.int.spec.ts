import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import type { Caller } from '#bus/contract.js';
import { AddTasks, CountTasks } from '#contracts/iceprod/tasks.js';
import type { Ranges } from '#contracts/work-events.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';
import { submitDataset } from '../testing/submit-dataset.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };
const JOBS = 400;

/** Normally there is one. While a service moves to another host there may briefly be two. */
describe('two processes that automate the same ledger', () => {
  const variables = { CAIRN_AUTOMATION: 'queue,priority', CAIRN_AUTOMATION_DELAY: '0.02' };
  const hosts = [new ServiceHost(TasksModule, variables), new ServiceHost(TasksModule, variables)] as const;
  const [one, other] = hosts;

  beforeAll(async () => {
    await one.start();
    symlinkSync(join(one.folder, 'ledger.sqlite'), join(other.folder, 'ledger.sqlite'));
    await other.start();
  });
  afterAll(() => Promise.all(hosts.map((host) => host.end())));

  it('queue each task once, and set its priority once', async () => {
    const tasks = [{ name: 't', depends: [], requirements: '{}', priority: 0 }];
    for (let first = 0; first < JOBS; first += 10) {
      await one.request(AddTasks, { dataset_id: 'd', first_job_index: first, count: 10, tasks }, SYSTEM);
    }
    await submitDataset(one.ledger, 'd', { jobs_submitted: JOBS, tasks_submitted: JOBS });
    for (const host of hosts) {
      const waiting = async (): Promise<string> =>
        (await host.request(CountTasks, { dataset_id: 'd' }, SYSTEM)).document;
      await eventually(waiting, `{"waiting":${String(JOBS)}}`);
    }
    const changes = new Map<string, number[]>();
    for (const { type, data: text } of await one.ledger.readStream('work-iceprod.main.d', { limit: 10_000 })) {
      const { units = [] } = JSON.parse(text) as { units?: Ranges };
      const times = changes.get(type) ?? Array<number>(JOBS).fill(0);
      for (const [first, last] of units)
        for (let unit = first; unit <= last; unit += 1) times[unit] = (times[unit] ?? 0) + 1;
      changes.set(type, times);
    }
    const once = Array<number>(JOBS).fill(1);
    expect(changes.get('UnitsMoved')).toEqual(once);
    expect(changes.get('TasksPrioritized')).toEqual(once);
  });
});
