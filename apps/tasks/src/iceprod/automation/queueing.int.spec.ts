import { nextLoopTurn } from '#platform/loop-turn.js';
import type { Caller } from '#bus/contract.js';
import { WaitForPosition } from '#bus/visibility.js';
import { AddTask, AddTasks, ClaimTasks, CountTasks, GetTask } from '#contracts/iceprod/tasks.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { UnitReader } from '../../engine/unit-row.js';
import { TasksModule } from '../../tasks.module.js';
import { submitDataset } from '../testing/submit-dataset.js';
import { Backlog } from './backlog.js';
import { CommandSender } from './command-sender.js';
import { DatasetSnapshots } from './dataset-snapshot.js';
import { Queueing } from './queueing.js';
import { UnitFinder } from './unit-finder.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };

/** Instead of IceProd's 250,000. */
const WAITING_MAX = 2_000;

describe('the backlog', () => {
  const host = new ServiceHost(TasksModule, { CAIRN_AUTOMATION: 'off' });
  let snapshots: DatasetSnapshots;
  let queueing: Queueing;

  beforeAll(async () => {
    await host.start();
    const { queries } = host.part(ReadModel);
    const reader = new UnitReader(queries);
    snapshots = new DatasetSnapshots(queries, reader);
    queueing = new Queueing(
      new UnitFinder(queries, reader),
      snapshots,
      new Backlog(reader, WAITING_MAX),
      host.part(CommandSender),
      { queues: true, prioritizes: true },
      nextLoopTurn,
    );
  });
  afterAll(() => host.end());

  const addTasks = async (dataset: string, count: number, status: string): Promise<void> => {
    const tasks = [{ name: 'many', depends: [], requirements: '{}', status, priority: 0.1 }];
    await host.request(AddTasks, { dataset_id: dataset, first_job_index: 0, count, tasks }, SYSTEM);
  };
  const countsOf = async (dataset: string): Promise<unknown> =>
    JSON.parse((await host.request(CountTasks, { dataset_id: dataset }, SYSTEM)).document);
  const priorityOf = async (id: string): Promise<number> =>
    (JSON.parse((await host.request(GetTask, { task_id: id }, SYSTEM)).document) as { priority: number }).priority;

  it('leaves tasks idle while it is full, and gives free places to those of highest priority', async () => {
    await addTasks('crowd', WAITING_MAX, 'waiting');
    const last: string[] = [];
    for (const dataset of ['d', 'e']) {
      await addTasks(dataset, 600, 'idle');
      const indexes = { job_id: 'j', job_index: 599, task_index: 0 };
      const task = { dataset_id: dataset, ...indexes, name: 't', depends: [], requirements: '{}', priority: 0 };
      last.push((await host.request(AddTask, task, SYSTEM)).task_id);
      const position = await submitDataset(host.ledger, dataset, { jobs_submitted: 1_000, tasks_submitted: 1_000 });
      await host.request(WaitForPosition('tasks'), { position }, SYSTEM);
    }
    queueing.beginRound();
    for (const dataset of snapshots.open()) await queueing.queueAll(dataset);
    await queueing.finishRound();
    for (const id of last) expect(await priorityOf(id)).toBeGreaterThan(0);
    for (const dataset of ['d', 'e']) expect(await countsOf(dataset)).toEqual({ idle: 601 });

    const offer = { requirements: '{}', query_params: '{"dataset_id":"crowd"}', dataset_deprio: [] };
    await host.request(ClaimTasks, { mode: 'queue_many', num: 1_000, ...offer }, SYSTEM);
    queueing.beginRound();
    await queueing.finishRound();
    for (const dataset of ['d', 'e']) expect(await countsOf(dataset)).toEqual({ idle: 101, waiting: 500 });
  });
});
