import type { JobStatus } from '#contracts/panda/statuses.js';
import { decided } from '../testing/decided.js';
import { someQueue } from '../testing/queue.js';
import { PRUN, TASK_ID, TaskRun, withFiles } from '../testing/task-run.js';
import { moveStranded } from './stranded-jobs.js';

const OTHER = someQueue({ name: 'OTHER' });

/** A task whose jobs are all at LOCAL, before that queue gets this status and another one exists. */
const stranded = (document: Readonly<Record<string, unknown>>, status = 'offline'): TaskRun => {
  const run = new TaskRun({ skipScout: true, ...document });
  run.configure(someQueue({ status }), OTHER);
  return run;
};

/** Moves what can be moved. @returns how many jobs */
const move = (run: TaskRun): number => {
  const { events, reply } = decided(moveStranded(run.view, 'LOCAL', run.timeMicros));
  run.apply(...events);
  run.settle();
  return reply.moved;
};

const places = (run: TaskRun, ...statuses: readonly JobStatus[]): readonly (string | null)[] =>
  run.jobs(...statuses).map(({ attributes }) => attributes.computingSite);

describe('activated jobs at a queue that is offline', () => {
  it('are made anew at another one, without a failed attempt', () => {
    const run = stranded(PRUN);
    expect([move(run), move(run)]).toEqual([3, 0]);
    expect(places(run, 'closed')).toEqual(['LOCAL', 'LOCAL', 'LOCAL']);
    expect(places(run, 'activated')).toEqual(['OTHER', 'OTHER', 'OTHER']);
    expect(run.jobs('closed')[0]?.attributes).toMatchObject({ jobSubStatus: 'toreassign', taskBufferErrorCode: 100 });
    expect(run.files('pseudo_input').map(({ failedAttempt }) => failedAttempt)).toEqual([0, 0, 0]);
    run.finish(run.jobs('activated'));
    expect(run.status).toBe('done');
  });

  it('stay when their task may run there only, or nothing else fits', () => {
    expect(move(stranded({ ...PRUN, site: 'LOCAL' }))).toBe(0);
    expect(move(stranded({ ...PRUN, excludedSite: ['OTHER'] }))).toBe(0);
    const large = new TaskRun({ ...PRUN, skipScout: true, ramCount: 8_000 });
    large.configure(someQueue({ status: 'offline' }), someQueue({ name: 'OTHER', maxrss: 4_000 }));
    expect(move(large)).toBe(0);
    expect(places(large, 'activated')).toEqual(['LOCAL', 'LOCAL', 'LOCAL']);
  });

  it('stay while pilots may come', () => {
    for (const status of ['online', 'test', 'brokeroff']) expect(move(stranded(PRUN, status))).toBe(0);
  });

  it('leave a library behind that is not built', () => {
    const buildSpec = { prodSourceLabel: 'panda', jobParameters: '-o ${OUT}' };
    const run = stranded(withFiles(2, { nFilesPerJob: 1, buildSpec, useBuild: true }));
    expect(move(run)).toBe(1);
    expect(run.jobs('activated').map(({ kind, attributes }) => [kind, attributes.computingSite])).toEqual([
      ['build', 'OTHER'],
    ]);
    run.finish(run.jobs('activated'));
    expect(places(run, 'activated')).toEqual(['OTHER', 'OTHER']);
    run.finish(run.jobs('activated'));
    expect(run.status).toBe('done');
  });

  it('keep their event ranges', () => {
    const run = stranded(withFiles(1, { nFilesPerJob: 1, nEventsPerWorker: 10, nEventsPerFile: 20 }));
    const [consumer] = run.jobs('activated');
    expect(move(run)).toBe(1);
    expect(run.jobs()).toMatchObject([
      { pandaId: consumer?.pandaId, status: 'activated', attributes: { computingSite: 'OTHER' } },
    ]);
    expect([move(run), run.task.id]).toEqual([0, TASK_ID]);
  });
});
