import { Controller, Module } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { eventually } from '#platform/testing/eventually.js';
import type { Answer, Caller, Nothing } from '#bus/contract.js';
import { ChangeDataset } from '#contracts/iceprod/datasets.js';
import { AddJob } from '#contracts/iceprod/jobs.js';
import { AddTask, AddTasks, CountTasks } from '#contracts/iceprod/tasks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';
import { submitDataset } from '../testing/submit-dataset.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };

let asked = 0;

/** A datasets service that refuses all changes. */
@Controller()
class Datasets {
  @MessagePattern(ChangeDataset.subject)
  refuse(): Answer<Nothing> {
    asked += 1;
    return { error: { kind: 'unavailable', code: 'datasets.away', message: 'not at present' } };
  }
}

@Module({ imports: [TasksModule], controllers: [Datasets] })
class TasksAlone {}

describe('a dataset that automation cannot change', () => {
  const host = new ServiceHost(TasksAlone, { CAIRN_AUTOMATION: 'on', CAIRN_AUTOMATION_DELAY: '0.05' });

  beforeAll(() => host.start());
  afterAll(() => host.end());

  it('is retried and does not delay other datasets', async () => {
    const { job_id } = await host.request(AddJob, { dataset_id: 'done', job_index: 0 }, SYSTEM);
    const task = { dataset_id: 'done', job_id, job_index: 0, task_index: 0, name: 't', depends: [] };
    await host.request(AddTask, { ...task, requirements: '{}', status: 'complete' }, SYSTEM);
    await submitDataset(host.ledger, 'done', { jobs_submitted: 1, tasks_submitted: 1 });
    await eventually(() => asked >= 6, true);
    const tasks = [{ name: 't', depends: [], requirements: '{}' }];
    await host.request(AddTasks, { dataset_id: 'other', first_job_index: 0, count: 3, tasks }, SYSTEM);
    await submitDataset(host.ledger, 'other', { jobs_submitted: 3, tasks_submitted: 3 });
    await eventually(
      async () => (await host.request(CountTasks, { dataset_id: 'other' }, SYSTEM)).document,
      '{"waiting":3}',
    );
  });
});
