import type { CommandOptions } from '#contracts/panda/task-commands.js';
import { decided } from '../testing/decided.js';
import { PRODUCTION } from '../testing/principal.js';
import { PRUN, TASK_ID, TaskRun, withFiles } from '../testing/task-run.js';
import { someQueue } from '../testing/queue.js';
import type { Job } from '../view.js';
import { look } from '../stage/look.js';
import { commandStage } from './command-stage.js';
import { registerCommand } from './register-command.js';

const statuses = (run: TaskRun): readonly string[] => run.jobs().map(({ status }) => status);

const move = (run: TaskRun, jobs: readonly (Job | undefined)[], status: string): void => {
  for (const job of jobs) {
    if (job === undefined) throw new Error('There is no such job');
    const units = [[job.ordinal, job.ordinal]];
    run.apply({ stream: run.task.stream, type: 'UnitsMoved', data: { units, status } });
  }
};

const movesOf = (run: TaskRun): readonly string[] =>
  run.decided.filter(({ type }) => type === 'TaskMoved').map(({ data }) => (data as { status: string }).status);

const failAll = (run: TaskRun): TaskRun => {
  for (let jobs = run.jobs('activated'); jobs.length > 0; jobs = run.jobs('activated')) run.fail(jobs);
  return run;
};

describe('the answer to a command', () => {
  it('tells that it is registered', () => {
    expect(new TaskRun().command('pause', {}, PRODUCTION)).toEqual({
      code: 0,
      message: `command=pause is registered for task ID ${TASK_ID}. will be executed in a few minutes`,
    });
  });

  it('tells why it is refused, with a blank at the end', () => {
    expect(new TaskRun().command('resume', {}, PRODUCTION)).toEqual({
      code: 4,
      message: 'Command rejected: the resume command is not accepted if the task is in scouting status ',
    });
  });

  it('names the missing role', () => {
    const run = failAll(new TaskRun({ ...PRUN, useExhausted: true }));
    expect([run.status, run.dialog]).toEqual(['exhausted', '3 of 3 inputs have not finished']);
    expect(run.command('retry')).toEqual({
      code: 4,
      message:
        'Command rejected: the retry command is not accepted if the task is in exhausted status and production role is missing',
    });
    expect(run.command('retry', {}, PRODUCTION).code).toBe(0);
  });
});

describe('kill', () => {
  it('aborts a task whose jobs no pilot has', () => {
    const run = new TaskRun();
    run.command('kill');
    expect(run.status).toBe('aborted');
    expect(movesOf(run).slice(-3)).toEqual(['aborting', 'toabort', 'aborted']);
    expect(statuses(run)).toEqual(['cancelled', 'cancelled', 'cancelled']);
    expect(run.jobs()[0]?.attributes).toMatchObject({ taskBufferErrorCode: 100 });
    expect(run.task.attributes).toMatchObject({ superStatus: 'aborted', endTime: '2026-01-01T00:00:00' });
    expect(run.task.command).toBeUndefined();
  });

  it('waits for the jobs that run', () => {
    const run = new TaskRun();
    const [first, second] = run.jobs();
    move(run, [first], 'running');
    run.command('kill');
    expect(run.status).toBe('aborting');
    expect(run.task.attributes.superStatus).toBe('aborting');
    expect(run.view.job(first?.pandaId ?? 0)?.attributes.commandToPilot).toBe('tobekilled');
    expect(run.view.job(second?.pandaId ?? 0)?.status).toBe('cancelled');
    run.fail(run.jobs('running'));
    expect(run.status).toBe('aborted');
  });

  it('is dropped when the task has ended meanwhile', () => {
    const run = new TaskRun();
    run.finish(run.jobs());
    const data = { command: 'kill', options: '{}', by: 'Demo User', is_production: false };
    run.apply({ stream: run.task.stream, type: 'CommandRegistered', data });
    run.settle();
    expect(run.status).toBe('done');
    expect(run.decided.at(-1)).toMatchObject({
      type: 'CommandDropped',
      data: { command: 'kill', reason: 'the task is in done status' },
    });
    expect(run.task.command).toBeUndefined();
  });
});

describe('finish', () => {
  it('ends with what is done', () => {
    const run = new TaskRun();
    run.finish(run.jobs().slice(0, 1));
    run.command('finish');
    expect(run.status).toBe('finished');
    expect(movesOf(run).slice(-3)).toEqual(['finishing', 'passed', 'finished']);
    expect(run.datasets('pseudo_input').map(({ status }) => status)).toEqual(['finished']);
    expect(run.datasets('output').map(({ status }) => status)).toEqual(['finished']);
  });

  it('softly waits for what pilots have', () => {
    const run = new TaskRun();
    move(run, run.jobs().slice(0, 2), 'running');
    run.command('finish', { soft: true });
    expect(run.status).toBe('finishing');
    expect(statuses(run)).toEqual(['running', 'running', 'cancelled']);
    expect(run.jobs('running').map(({ attributes }) => attributes.commandToPilot)).toEqual([null, null]);
    run.finish(run.jobs('running'));
    expect(run.status).toBe('finished');
  });
});

describe('pause and resume', () => {
  it('keep the jobs from pilots for a while', () => {
    const run = new TaskRun();
    run.command('pause', {}, PRODUCTION);
    expect([run.status, run.task.attributes.oldStatus, run.task.attributes.superStatus]).toEqual([
      ...['paused', 'scouting', 'paused'],
    ]);
    expect(statuses(run)).toEqual(['throttled', 'throttled', 'throttled']);
    run.command('resume', {}, PRODUCTION);
    expect([run.status, run.task.attributes.oldStatus, run.task.attributes.superStatus]).toEqual([
      ...['scouting', null, 'submitting'],
    ]);
    expect(statuses(run)).toEqual(['activated', 'activated', 'activated']);
  });

  it('return to what a pending task waited for', () => {
    const run = new TaskRun(PRUN, [someQueue({ status: 'offline' })]);
    expect([run.status, run.task.attributes.oldStatus]).toEqual(['pending', 'ready']);
    run.command('pause', {}, PRODUCTION);
    expect(run.task.attributes.oldStatus).toBe('ready');
    expect(run.dialog).toMatch('no queue can run the jobs');
    run.configure(someQueue());
    run.command('resume', {}, PRODUCTION);
    expect([run.status, run.dialog]).toEqual(['scouting', null]);
  });
});

describe('retry', () => {
  it('runs only what has failed', () => {
    const run = new TaskRun();
    run.finish(run.jobs().slice(0, 2));
    failAll(run);
    expect(run.status).toBe('finished');
    expect(run.datasets('pseudo_input')[0]).toMatchObject({ nFiles: 3, nFilesFinished: 2, nFilesFailed: 1 });
    expect(run.command('retry').code).toBe(0);
    expect(run.status).toBe('running');
    expect(run.task.attributes).toMatchObject({
      attemptNr: 1,
      errorDialog: null,
      endTime: null,
      superStatus: 'running',
    });
    expect(run.jobs('activated')).toHaveLength(1);
    expect(run.datasets('pseudo_input')[0]).toMatchObject({ nFilesFailed: 0, nFilesUsed: 3 });
    run.finish(run.jobs('activated'));
    expect(run.status).toBe('done');
  });

  it('gives five more attempts', () => {
    const run = failAll(new TaskRun({ ...PRUN, nEvents: 1 }));
    expect([run.status, run.jobs().length]).toEqual(['failed', 3]);
    run.command('retry');
    failAll(run);
    expect([run.status, run.jobs().length]).toEqual(['failed', 8]);
  });

  it('returns when there is nothing to do', () => {
    const run = new TaskRun({ ...PRUN, nEvents: 1 });
    run.finish(run.jobs());
    const data = { status: 'finished', set: { superStatus: 'finished' } };
    run.apply({ stream: run.task.stream, type: 'TaskMoved', data });
    run.command('retry');
    expect([run.status, run.dialog]).toEqual(['finished', 'no retry since no new/unprocessed files available']);
    expect(run.task.attributes.superStatus).toBe('finished');
  });

  it.each<readonly [CommandOptions, number]>([
    [{}, 1000],
    [{ qualifiers: ['keep'] }, 77],
  ])('with %j sets the priority to %i', (options, priority) => {
    const run = failAll(new TaskRun());
    run.apply({ stream: run.task.stream, type: 'TaskAmended', data: { set: { currentPriority: 77 } } });
    run.command('retry', options);
    expect(run.task.attributes.currentPriority).toBe(priority);
  });

  it('of a task at work concerns what has failed so far', () => {
    const run = new TaskRun({ ...PRUN, nEvents: 2, maxAttempt: 1 });
    run.fail(run.jobs().slice(0, 1));
    expect([run.status, run.jobs('activated').length]).toEqual(['scouting', 1]);
    expect(run.command('retry')).toEqual({
      code: 0,
      message: 'retry has been triggered for failed jobs while the task is still scouting',
    });
    expect([run.status, run.jobs('activated').length]).toEqual(['scouting', 2]);
    expect(run.files('pseudo_input').map(({ maxAttempt }) => maxAttempt)).toEqual([6, 6]);
  });

  it('runs again what was never made after a finish', () => {
    const run = new TaskRun(withFiles(20, { nFilesPerJob: 1, skipScout: undefined }));
    expect(run.jobs('activated')).toHaveLength(10);
    run.finish(run.jobs('activated').slice(0, 1));
    run.command('finish');
    expect(run.status).toBe('finished');
    run.command('retry');
    failAll(run);
    expect(run.datasets('input')[0]).toMatchObject({ nFilesUsed: 20, nFilesToBeUsed: 20 });
  });
});

describe('reload_input', () => {
  it('returns to the old status when there is nothing new', () => {
    const run = new TaskRun();
    run.finish(run.jobs());
    expect(run.command('incexec').code).toBe(0);
    expect(run.status).toBe('done');
    expect(movesOf(run).slice(-4)).toEqual(['toincexec', 'rerefine', 'defined', 'done']);
    expect(run.task.attributes.endTime).toBe('2026-01-01T00:00:00');
  });

  it('runs what has failed', () => {
    const run = failAll(new TaskRun());
    run.command('incexec');
    expect(run.jobs('activated')).toHaveLength(3);
    run.finish(run.jobs('activated'));
    expect(run.status).toBe('done');
  });
});

describe('reassign', () => {
  const queues = [someQueue({ name: 'ONE' }), someQueue({ name: 'TWO' })];

  it('makes new jobs for the site', () => {
    const run = new TaskRun(PRUN, queues);
    const before = run.jobs().length;
    run.command('reassign', { site: 'TWO' }, PRODUCTION);
    expect(run.status).toBe('scouting');
    expect(
      run
        .jobs()
        .slice(0, before)
        .map(({ status }) => status),
    ).toEqual(['closed', 'closed', 'closed']);
    expect(run.jobs('activated').map(({ attributes }) => attributes.computingSite)).toEqual(['TWO', 'TWO', 'TWO']);
    expect(run.files('pseudo_input').every(({ failedAttempt }) => failedAttempt === 0)).toBe(true);
  });

  it('uses up no attempts', () => {
    const run = new TaskRun({ ...PRUN, maxAttempt: 2 }, queues);
    for (const site of ['ONE', 'TWO', 'ONE']) run.command('reassign', { site }, PRODUCTION);
    expect(run.jobs('activated').map(({ attributes }) => attributes.attemptNr)).toEqual([4, 4, 4]);
    run.fail(run.jobs('activated'));
    expect(run.jobs('activated').map(({ attributes }) => attributes.attemptNr)).toEqual([5, 5, 5]);
    run.fail(run.jobs('activated'));
    expect(run.jobs('activated')).toEqual([]);
  });

  it('gives the attempt of a job that runs on back once, however often it is told to end', () => {
    const run = new TaskRun(PRUN, queues);
    move(run, run.jobs().slice(0, 1), 'running');
    for (const site of ['ONE', 'TWO', 'ONE']) run.command('reassign', { site }, PRODUCTION);
    expect(run.jobs()[0]?.attributes).toMatchObject({ jobStatus: 'running', commandToPilot: 'tobekilled' });
    expect(run.files('pseudo_input').map(({ maxAttempt }) => maxAttempt)).toEqual([4, 6, 6]);
  });

  it('leaves jobs alone that are to be left alone', () => {
    const run = new TaskRun(PRUN, queues);
    move(run, run.jobs().slice(0, 1), 'running');
    run.command('reassign', { site: 'TWO', soft: true }, PRODUCTION);
    expect(statuses(run).slice(0, 3)).toEqual(['running', 'closed', 'closed']);
    run.command('reassign', { site: 'ONE', nokill: true }, PRODUCTION);
    expect(run.jobs('activated')).toHaveLength(2);
    expect(run.task.attributes.site).toBe('ONE');
  });

  it('to another cloud begins again, and chooses again without a name', () => {
    const run = new TaskRun({ ...PRUN, site: 'ONE' }, queues);
    run.command('reassign', { cloud: 'WORLD', site: '' }, PRODUCTION);
    expect(run.task.attributes.site).toBe(null);
    run.command('reassign', { nucleus: 'N' }, PRODUCTION);
    expect(movesOf(run).slice(-4)).toEqual(['toreassign', 'reassigning', 'ready', 'scouting']);
    expect(run.task.attributes.nucleus).toBe('N');
  });

  it('lets a paused task return to where it was', () => {
    const run = new TaskRun(PRUN, queues);
    run.command('pause', {}, PRODUCTION);
    run.command('reassign', { site: 'TWO', nokill: true }, PRODUCTION);
    expect([run.status, run.task.attributes.oldStatus]).toEqual(['paused', 'scouting']);
    run.command('resume', {}, PRODUCTION);
    expect(run.status).toBe('scouting');
  });

  it('keeps the reason why a task is exhausted, and where it returns to', () => {
    const run = new TaskRun(PRUN, [someQueue({ status: 'offline' })]);
    run.wait(3601);
    const stopped = ['exhausted', 'ready', 'no queue can run the jobs. not online: LOCAL'];
    expect([run.status, run.task.attributes.oldStatus, run.dialog]).toEqual(stopped);
    run.command('reassign', { site: 'TWO' }, PRODUCTION);
    expect([run.status, run.task.attributes.oldStatus, run.dialog]).toEqual(stopped);
  });

  it('to another cloud lets a task read its inputs first', () => {
    const run = new TaskRun(PRUN, queues);
    const id = TASK_ID + 1;
    const child = run.another(id, { ...PRUN, taskName: 'child', parent_tid: TASK_ID });
    expect([child().status, child().attributes.oldStatus]).toEqual(['pending', 'defined']);
    const order = { command: 'reassign', options: { cloud: 'WORLD' }, principal: PRODUCTION } as const;
    run.apply(...decided(registerCommand(run.view, { task_id: id, ...order })).events);
    run.settle(id);
    expect([child().status, child().attributes.oldStatus]).toEqual(['pending', 'defined']);
    run.finish(run.jobs());
    run.settle(id);
    expect(child().status).toBe('scouting');
  });
});

describe('a command that children get too', () => {
  it('waits until they have it, so that a process that ends in between does both again', () => {
    const run = new TaskRun();
    const id = TASK_ID + 1;
    const child = run.another(id, { ...PRUN, taskName: 'child', parent_tid: TASK_ID });
    const kill = { task_id: TASK_ID, command: 'kill', options: {}, principal: PRODUCTION } as const;
    run.apply(...decided(registerCommand(run.view, kill)).events);
    const seen = (begun?: string) => decided(look(run.view, [commandStage], TASK_ID, run.timeMicros, begun));
    const first = seen();
    expect(first.events.map(({ stream, type }) => [stream, type])).toEqual([[child().stream, 'CommandRegistered']]);
    run.apply(...first.events);
    expect(seen()).toEqual(first);
    expect(new Set(seen(first.reply.begun).events.map(({ stream }) => stream))).toEqual(new Set([run.task.stream]));
    // Another command came in between: children get its orders too.
    const other = { ...kill, principal: { ...PRODUCTION, name: 'Somebody Else' } };
    run.apply(...decided(registerCommand(run.view, other)).events);
    const second = seen(first.reply.begun);
    expect(second.events).toMatchObject([{ stream: child().stream, data: { by: 'Somebody Else' } }]);
    run.apply(...second.events);
    expect(seen(second.reply.begun).events.at(-1)).toMatchObject({ type: 'CommandExecuted' });
    run.settle();
    run.settle(id);
    expect([run.status, child().status]).toEqual(['aborted', 'aborted']);
  });
});

describe('the end of scouting', () => {
  const document = withFiles(20, { nFilesPerJob: 1, skipScout: undefined });

  it.each(['avalanche', 'release'] as const)('comes with %s', (command) => {
    const run = new TaskRun(document);
    expect(run.jobs()).toHaveLength(10);
    run.command(command, {}, PRODUCTION);
    expect(run.status).toBe('running');
    expect(run.jobs()).toHaveLength(20);
  });

  it('is skipped by a task that was released before', () => {
    const run = new TaskRun(document, []);
    expect(run.status).toBe('pending');
    run.command('release', {}, PRODUCTION);
    run.configure(someQueue());
    run.wait(60);
    expect(run.status).toBe('running');
    expect(run.jobs()).toHaveLength(20);
  });
});
