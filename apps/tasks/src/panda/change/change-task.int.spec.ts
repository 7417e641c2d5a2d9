import type { TaskChange, TaskReply } from '#contracts/panda/task-commands.js';
import { decided } from '../testing/decided.js';
import { PRODUCTION, somePrincipal } from '../testing/principal.js';
import { PRUN, TASK_ID, TaskRun, withFiles } from '../testing/task-run.js';
import { changeTask } from './change-task.js';
import { killUnfinished } from './kill-unfinished.js';
import { reassignShare } from './reassign-share.js';

const change = (run: TaskRun, request: TaskChange, task_id = TASK_ID): TaskReply => {
  const { events, reply } = decided(changeTask(run.view, { task_id, ...request }, run.timeMicros));
  run.apply(...events);
  run.settle();
  return reply;
};

const CHANGED = { code: 0, message: '1 tasks changed' };
const UNKNOWN = { code: 2, message: 'Task not found' };

it('changes attributes, and the resource type with the cores', () => {
  const run = new TaskRun();
  expect(change(run, { change: 'attribute', attribute: 'ramCount', value: 3000 })).toEqual(CHANGED);
  change(run, { change: 'attribute', attribute: 'coreCount', value: 8 });
  change(run, { change: 'attribute', attribute: 'wallTime', value: 5 });
  change(run, { change: 'attribute', attribute: 'cpuTime', value: 6 });
  expect(run.task.attributes).toMatchObject({
    ...{ ramCount: 3000, coreCount: 8, walltime: 5, cpuTime: 6, resource_type: 'MCORE_HIMEM' },
  });
  expect(run.jobs().map(({ attributes }) => attributes.minRamCount)).toEqual([1800, 1800, 1800]);
  expect(change(run, { change: 'attribute', attribute: 'ramCount', value: 1 }, 5)).toEqual(UNKNOWN);
});

it('moves the modification time', () => {
  const run = new TaskRun();
  expect(change(run, { change: 'modification_time', hours: 25 })).toEqual(CHANGED);
  expect(run.task.attributes.modificationTime).toBe('2026-01-02T01:00:00');
  change(run, { change: 'modification_time', hours: -1 });
  expect(run.task.attributes.modificationTime).toBe('2025-12-31T23:00:00');
});

it('changes the priority of the task and of jobs that wait', () => {
  const run = new TaskRun();
  const [first] = run.jobs();
  const units = [[first?.ordinal, first?.ordinal]];
  run.apply({ stream: run.task.stream, type: 'UnitsMoved', data: { units, status: 'running' } });
  expect(change(run, { change: 'priority', priority: 5 })).toEqual(CHANGED);
  expect(run.task.attributes.currentPriority).toBe(5);
  expect(run.jobs().map(({ attributes }) => attributes.currentPriority)).toEqual([1001, 5, 5]);
});

it('sets and removes split rules', () => {
  const run = new TaskRun(withFiles(1, { nFilesPerJob: 3 }));
  change(run, { change: 'split_rule', tag: 'MF', value: '7' });
  expect(run.task.attributes.splitRule).toBe('NF=3,US=1,MF=7');
  change(run, { change: 'split_rule', tag: 'NF', value: null });
  expect(run.task.attributes.splitRule).toBe('US=1,MF=7');
});

describe('more attempts', () => {
  it('reactivate exhausted inputs', () => {
    const run = new TaskRun({ ...PRUN, maxAttempt: 1 });
    run.finish(run.jobs().slice(0, 1));
    run.fail(run.jobs('activated').slice(0, 1));
    expect(change(run, { change: 'attempts', increase: 2 })).toEqual({
      code: 0,
      message: 'increased attemptNr for 2 inputs (1 reactivated)',
    });
    expect(run.files('pseudo_input').map(({ maxAttempt }) => maxAttempt)).toEqual([1, 3, 3]);
    expect(run.jobs('activated')).toHaveLength(2);
  });

  it('need a task at work', () => {
    const run = new TaskRun();
    run.finish(run.jobs());
    expect(change(run, { change: 'attempts', increase: 2 })).toEqual({
      code: 2,
      message: "command rejected since status=done or oldStatus=None not in ['running', 'scouting', 'ready']",
    });
    expect(change(run, { change: 'attempts', increase: 2 }, 5)).toEqual({ code: 1, message: 'jediTaskID=5 not found' });
  });

  it('are possible while a task is paused', () => {
    const run = new TaskRun();
    run.command('pause', {}, PRODUCTION);
    expect(change(run, { change: 'attempts', increase: 0 }).code).toBe(0);
  });
});

describe('a reactivated task', () => {
  it('runs everything again', () => {
    const run = new TaskRun();
    run.fail(run.jobs().slice(0, 1));
    run.finish(run.jobs('activated'));
    expect(run.status).toBe('done');
    expect(change(run, { change: 'reactivate', keeps_attempts: false })).toEqual({
      code: 0,
      message: `updated 3 inputs and task ${TASK_ID} was reactivated `,
    });
    expect(run.jobs('activated').map(({ attributes }) => attributes.attemptNr)).toEqual([1, 1, 1]);
    expect(run.datasets('pseudo_input')[0]).toMatchObject({ nFilesUsed: 3, nFilesFinished: 0, nFilesFailed: 0 });
    run.finish(run.jobs('activated'));
    expect(run.status).toBe('done');
  });

  it('may keep its attempts', () => {
    const run = new TaskRun();
    run.finish(run.jobs());
    change(run, { change: 'reactivate', keeps_attempts: true });
    expect(run.jobs('activated').map(({ attributes }) => attributes.attemptNr)).toEqual([2, 2, 2]);
  });

  it('need not exist', () => {
    expect(change(new TaskRun(), { change: 'reactivate', keeps_attempts: false }, 5)).toEqual({
      code: 0,
      message: 'updated 0 inputs and task 5 was reactivated ',
    });
  });
});

describe('another share', () => {
  const reassign = (run: TaskRun, share: string, includesRunning = false): TaskReply => {
    const request = { task_ids: [TASK_ID, 5], share, includes_running: includesRunning };
    const { events, reply } = decided(reassignShare(run.view, request));
    run.apply(...events);
    return reply;
  };

  it('is given to the task and its jobs', () => {
    const run = new TaskRun();
    const [first] = run.jobs();
    const units = [[first?.ordinal, first?.ordinal]];
    run.apply({ stream: run.task.stream, type: 'UnitsMoved', data: { units, status: 'running' } });
    expect(reassign(run, 'Test').code).toBe(0);
    expect(run.task.attributes.gshare).toBe('Test');
    const shares = (): readonly (string | null)[] => run.jobs().map(({ attributes }) => attributes.gshare);
    expect(shares()).toEqual(['User Analysis', 'Test', 'Test']);
    reassign(run, 'Production', true);
    expect(shares()).toEqual(['Production', 'Production', 'Production']);
  });

  it('must be a leaf', () => {
    expect(reassign(new TaskRun(), 'Nothing')).toEqual({ code: 1, message: 'Share Nothing is not a leave share ' });
  });
});

describe('killing the unfinished jobs of a task', () => {
  const kill = (run: TaskRun, principal = somePrincipal(), task_id = TASK_ID): readonly boolean[] => {
    const request = { task_id, code: null, by: principal.dn, principal };
    const { events, reply } = decided(killUnfinished(run.view, request, run.timeMicros));
    run.apply(...events);
    return reply.killed;
  };

  it('answers for each job', () => {
    const run = new TaskRun({ ...PRUN, maxAttempt: 1 });
    run.finish(run.jobs().slice(0, 1));
    expect(kill(run, somePrincipal({ name: 'Other' }))).toEqual([false, false, false]);
    expect(kill(run)).toEqual([false, true, true]);
    run.settle();
    expect(run.status).toBe('finished');
    expect(kill(run)).toEqual([false, false, false]);
    expect(kill(run, somePrincipal(), 5)).toEqual([]);
  });
});
