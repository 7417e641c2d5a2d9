import { someQueue } from '../testing/queue.js';
import { TASK_ID, TaskRun, withFiles } from '../testing/task-run.js';

describe('the jobs of an event-service task', () => {
  it('share a jobset, whose ranges are cut with its first job', () => {
    const run = new TaskRun(
      withFiles(1, { nFilesPerJob: 1, nEventsPerWorker: 100, nEsConsumers: 2, nEventsPerFile: 250 }),
    );
    const jobs = run.jobs();
    const jobset = jobs[0]?.attributes.jobsetID ?? 0;
    expect(jobs.map(({ attributes }) => attributes)).toEqual(
      [jobset + 1, jobset + 2].map((id): unknown =>
        expect.objectContaining({
          ...{ PandaID: id, jobsetID: jobset, eventService: 1, attemptNr: 1, maxAttempt: 4 },
          specialHandling: 'eventservice',
        }),
      ),
    );
    expect(run.view.ranges.jobset(jobset)).toMatchObject({ id: jobset });
    expect(jobset).not.toBe(TASK_ID);
  });

  it('are spread over nSitesPerJob queues', () => {
    const queues = ['A', 'B', 'C'].map((name) => someQueue({ name }));
    const document = withFiles(1, { nFilesPerJob: 1, nEventsPerWorker: 1, nEsConsumers: 4, nSitesPerJob: 2 });
    expect(new TaskRun(document, queues).jobs().map(({ attributes }) => attributes.computingSite)).toEqual([
      ...['A', 'A', 'B', 'B'],
    ]);
  });
});
