import { someQueue } from '../testing/queue.js';
import { PRUN, TaskRun, withFiles } from '../testing/task-run.js';

const scouted = (fields: Readonly<Record<string, unknown>> = {}): TaskRun =>
  new TaskRun(withFiles(30, { nFilesPerJob: 1, skipScout: undefined, maxAttempt: 1, ...fields }));

describe('scouts', () => {
  it.each([
    ['no scout jobs succeeded', {}, 0],
    ['not enough scout jobs succeeded', { scoutSuccessRate: 5 }, 4],
    ['not enough scout jobs succeeded', { scoutSuccessRate: 30 }, 2],
  ])('break the task with "%s"', (reason, fields, succeed) => {
    const run = scouted(fields);
    run.finish(run.jobs().slice(0, succeed));
    run.fail(run.jobs('activated'));
    expect([run.status, run.dialog]).toEqual(['broken', reason]);
    expect(run.jobs('activated')).toEqual([]);
  });

  it('pass when all have ended and some have succeeded', () => {
    const run = scouted();
    run.finish(run.jobs().slice(0, 1));
    run.fail(run.jobs('activated'));
    expect([run.status, run.jobs('activated').length]).toEqual(['running', 20]);
    expect(run.task.attributes.splitRule).toMatch('US=3');
    expect(run.task.attributes.assessmentTime).toBe('2026-01-01T00:00:00');
  });

  it('pass at once when an avalanche is asked for', () => {
    const run = scouted();
    run.apply({ stream: run.task.stream, type: 'TaskAmended', data: { set: { walltimeUnit: 'ava' } } });
    run.settle();
    expect([run.status, run.jobs().length, run.task.attributes.walltimeUnit]).toEqual(['running', 30, null]);
  });

  it.each([
    [{ maxPSS: 2100 * 1024 }, 'used 2100 MB of memory, more than the 2000 MB asked for'],
    [
      { startTime: '2026-01-01T00:00:00', endTime: '2026-01-01T03:00:00' },
      'ran 10800 s, longer than the 7200 s allowed',
    ],
  ])('exhaust the task when one has exceeded limits, and useExhausted is on: %j', (set, reason) => {
    const run = scouted({ useExhausted: true, maxWalltime: 2 });
    run.finish(run.jobs().slice(0, 5), set);
    expect([run.status, run.dialog]).toEqual(['exhausted', `scout job 1 ${reason}`]);
    expect(run.task.attributes.oldStatus).toBe('scouting');
  });

  it('do not break a task of which they are all jobs: it fails instead, and may be retried', () => {
    const run = new TaskRun({ ...PRUN, maxAttempt: 1 });
    run.fail(run.jobs());
    expect(run.status).toBe('failed');
  });

  it('are not made when they are skipped', () => {
    const run = scouted({ skipScout: true });
    expect([run.status, run.jobs().length]).toEqual(['running', 30]);
  });

  it('stay scouts when the task was pending meanwhile', () => {
    const run = new TaskRun(withFiles(30, { nFilesPerJob: 1, skipScout: undefined }), [
      someQueue({ status: 'offline' }),
    ]);
    expect(run.status).toBe('pending');
    run.configure(someQueue());
    run.settle();
    expect([run.status, run.jobs().length]).toEqual(['scouting', 10]);
  });
});
