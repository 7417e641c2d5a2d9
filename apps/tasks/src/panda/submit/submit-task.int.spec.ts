import type { Principal } from '#contracts/panda/principal.js';
import type { TaskReply } from '#contracts/panda/task-commands.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { PRODUCTION, somePrincipal } from '../testing/principal.js';
import { decided } from '../testing/decided.js';
import { inTables } from '../testing/table-store.js';
import { PRUN, TASK_ID, TaskRun, withFiles } from '../testing/task-run.js';
import type { Task } from '../view.js';
import { retryWithParameters, submitTask } from './submit-task.js';

type Document = Readonly<Record<string, unknown>>;

const FIRST_ID = 10_000_001;
const DOCUMENT: Document = { ...PRUN, userName: undefined, taskType: undefined, taskPriority: undefined };

/** Tables with tasks that are submitted one after the other. */
class Submissions {
  readonly store = inTables();
  activeMax = 0;

  submit(document: Document | string, principal: Principal = somePrincipal(), parent_tid: number | null = null) {
    const parameters = typeof document === 'string' ? document : JSON.stringify(document);
    const request = { parameters, parent_tid, principal, default_trans_path: 'https://host/trf/user/runGen-00-00-02' };
    const { events, reply } = decided(submitTask(this.store.view, request, { activeMax: this.activeMax }));
    this.store.apply(events, 1_000_000);
    return reply;
  }

  move(id: number, status: string): void {
    this.store.apply({ stream: this.task(id).stream, type: 'TaskMoved', data: { status } }, 2_000_000);
  }

  task(id: number): Task {
    const task = this.store.view.task(id);
    if (task === undefined) throw new Error(`There is no task ${id}`);
    return task;
  }

  document(id: number): Document {
    return JSON.parse(this.store.view.taskText(this.task(id), 'parameters') ?? '') as Document;
  }
}

describe('a new task', () => {
  it('gets the next id, and keeps its document', () => {
    const all = new Submissions();
    const document = { ...DOCUMENT, custom: { a: [1, 'ü'] } };
    expect(all.submit(document)).toEqual({
      code: 0,
      message: `succeeded. new jediTaskID=${FIRST_ID}`,
      task_id: FIRST_ID,
    });
    expect(all.submit(DOCUMENT).task_id).toBe(FIRST_ID + 1);
    expect(all.document(FIRST_ID)).toEqual({
      ...JSON.parse(JSON.stringify(document)),
      ...{ userName: 'Demo User', taskType: 'anal', taskPriority: 1000 },
    });
    expect(all.task(FIRST_ID).attributes).toMatchObject({
      ...{ status: 'registered', superStatus: 'registered', taskName: 'user.demo.t1/', userName: 'Demo User' },
      ...{ taskType: 'anal', taskPriority: 1000, currentPriority: 1000, vo: 'wlcg', prodSourceLabel: 'user' },
      transPath: 'https://host/trf/user/runGen-00-00-02',
    });
  });

  it('keeps a document of many megabytes in events of a bounded size', () => {
    const all = new Submissions();
    const files = Array.from({ length: 20_000 }, (_, at) => `${'ä'.repeat(100)}.${at}`);
    const request = { parameters: JSON.stringify({ ...DOCUMENT, pfnList: files }), parent_tid: null };
    const rest = { principal: somePrincipal(), default_trans_path: '' };
    const { events } = decided(submitTask(all.store.view, { ...request, ...rest }, { activeMax: 0 }));
    const sizes = events.map(({ data }: DecidedEvent) => Buffer.byteLength(JSON.stringify(data)));
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
    all.store.apply(events, 1);
    expect(all.document(FIRST_ID)['pfnList']).toEqual(files);
  });

  it.each<readonly [who: Principal, document: Document, expected: Document]>([
    [
      somePrincipal(),
      { userName: 'Somebody', taskType: 'prod', taskPriority: 5 },
      { userName: 'Demo User', taskType: 'anal', taskPriority: 1000 },
    ],
    [
      PRODUCTION,
      { userName: 'Somebody', taskType: 'prod', taskPriority: 5 },
      { userName: 'Somebody', taskType: 'prod', taskPriority: 5 },
    ],
    [PRODUCTION, { taskType: 'prod' }, { userName: 'Operator', taskType: 'prod', taskPriority: 100 }],
    [PRODUCTION, {}, { userName: 'Operator', taskType: 'anal', taskPriority: 1000 }],
    [somePrincipal({ primaryWorkingGroup: 'phys' }), { official: true }, { workingGroup: 'phys' }],
  ])('of %o is filled in', (principal, document, expected) => {
    const all = new Submissions();
    const { task_id: id } = all.submit({ ...DOCUMENT, ...document }, principal);
    expect(all.document(id ?? 0)).toMatchObject(expected);
    expect(all.task(id ?? 0).attributes).toMatchObject(expected);
  });

  it.each(['taskName', 'vo', 'prodSourceLabel'])('without %s is refused', (key) => {
    const all = new Submissions();
    for (const value of [undefined, null, '', 5]) {
      const reply = all.submit({ ...DOCUMENT, [key]: value });
      expect(reply).toEqual({ code: 4, message: `failed to register task : ${key} is missing`, task_id: null });
    }
  });

  it.each(['', 'null', '[]', '5', '{"a":'])('of the document %j is refused', (text) => {
    expect(new Submissions().submit(text).code).toBe(4);
  });

  it('finds its parent by name, or takes the given one', () => {
    const all = new Submissions();
    expect(all.submit({ ...DOCUMENT, taskName: 'child', parentTaskName: 'user.demo.t1/' })).toEqual({
      code: 11,
      message: 'failed to find parent with user="Demo User" name=user.demo.t1/',
      task_id: null,
    });
    all.submit(DOCUMENT);
    const { task_id: child } = all.submit({ ...DOCUMENT, taskName: 'child', parentTaskName: 'user.demo.t1/' });
    expect(all.task(child ?? 0).attributes.parent_tid).toBe(FIRST_ID);
    expect(all.store.view.childrenOf(FIRST_ID)).toEqual([child]);
    const { task_id: other } = all.submit({ ...DOCUMENT, taskName: 'other' }, somePrincipal(), 77);
    expect(all.task(other ?? 0).attributes.parent_tid).toBe(77);
  });

  it('is refused when its user has too many', () => {
    const all = new Submissions();
    all.activeMax = 2;
    expect([all.submit(DOCUMENT).code, all.submit(DOCUMENT).code]).toEqual([0, 0]);
    expect(all.submit(DOCUMENT)).toEqual({
      code: 10,
      message: 'Too many active tasks for Demo User 3>2',
      task_id: null,
    });
    expect(all.submit(DOCUMENT, somePrincipal({ name: 'Other' })).code).toBe(0);
    all.move(FIRST_ID, 'done');
    expect(all.submit(DOCUMENT).code).toBe(0);
  });
});

describe('a task of a unique name', () => {
  const UNIQUE = { ...DOCUMENT, uniqueTaskName: true };
  const REACTIVATED = (status: string): string =>
    `reactivation accepted. jediTaskID=${FIRST_ID} (currently in ${status} state) will be re-executed with old and/or new input`;

  it('is not submitted twice', () => {
    const all = new Submissions();
    all.submit(UNIQUE);
    expect(all.submit(UNIQUE)).toEqual({
      code: 1,
      message: `jediTaskID=${FIRST_ID} is already queued for outDS=user.demo.t1/. You cannot submit duplicated tasks. `,
      task_id: null,
    });
    all.move(FIRST_ID, 'running');
    const { code, message } = all.submit(UNIQUE);
    expect(code).toBe(2);
    expect(message).toMatch(`jediTaskID=${FIRST_ID} is in the running state for outDS=user.demo.t1/. `);
  });

  it.each(['finished', 'failed', 'aborted', 'done', 'exhausted'])('that is %s is executed again', (status) => {
    const all = new Submissions();
    all.submit({ ...UNIQUE, nFilesPerJob: 1, transUses: 'old' });
    all.move(FIRST_ID, status);
    const changed = {
      ...UNIQUE,
      nFilesPerJob: 7,
      dsForIN: 'more',
      priority: 900,
      loopingCheck: false,
      transUses: 'new',
    };
    expect(all.submit(changed)).toEqual({ code: 3, message: REACTIVATED(status), task_id: FIRST_ID });
    expect(all.task(FIRST_ID).command).toEqual({
      ...{ name: 'incexec', options: '{}', by: 'Demo User', isProduction: false },
    });
    expect(all.document(FIRST_ID)).toMatchObject({
      ...{ nFilesPerJob: 7, dsForIN: 'more', currentPriority: 900, noLoopingCheck: true, transUses: 'old' },
    });
    expect(all.document(FIRST_ID)).not.toHaveProperty('priority');
  });

  it('takes over a priority', () => {
    const all = new Submissions();
    all.submit(UNIQUE);
    all.move(FIRST_ID, 'finished');
    expect(all.submit({ ...UNIQUE, priority: 77 }).code).toBe(3);
    expect(all.task(FIRST_ID).attributes).toMatchObject({ currentPriority: 77, taskPriority: 1000 });
  });

  it('is another one for other users, VOs and labels, and for tasks that are not unique', () => {
    const all = new Submissions();
    all.submit(UNIQUE);
    expect(all.submit(UNIQUE, somePrincipal({ name: 'Other' })).code).toBe(0);
    expect(all.submit({ ...UNIQUE, vo: 'atlas' }).code).toBe(0);
    expect(all.submit({ ...UNIQUE, prodSourceLabel: 'test' }).code).toBe(0);
    expect(all.submit({ ...UNIQUE, uniqueTaskName: undefined }).code).toBe(0);
    expect(all.submit({ ...UNIQUE, taskType: 'prod' }, PRODUCTION).code).toBe(0);
  });
});

describe('a retry with parameters', () => {
  const retry = (run: TaskRun, parameters: unknown): TaskReply => {
    const request = { task_id: TASK_ID, options: {}, principal: somePrincipal() };
    const decision = retryWithParameters(run.view, { ...request, new_parameters: JSON.stringify(parameters) });
    const { events, reply } = decided(decision);
    run.apply(...events);
    run.settle();
    return reply;
  };

  it('executes a task that has ended again with them', () => {
    const run = new TaskRun(withFiles(4, { nFilesPerJob: 4, maxAttempt: 1 }));
    run.fail(run.jobs());
    expect(run.status).toBe('failed');
    expect(retry(run, { nFilesPerJob: 1 }).code).toBe(3);
    expect([run.status, run.jobs('activated').length]).toEqual(['running', 4]);
  });

  it('takes further inline files', () => {
    const run = new TaskRun(withFiles(2, { nFilesPerJob: 1 }));
    run.finish(run.jobs());
    expect(run.status).toBe('done');
    expect(retry(run, { jobParameters: withFiles(3)['jobParameters'] }).code).toBe(3);
    expect(run.jobs('activated').map(({ files }) => files[0]?.lfn)).toEqual(['data.0003.root']);
    run.finish(run.jobs('activated'));
    expect(run.status).toBe('done');
    expect(run.files('input')).toHaveLength(3);
  });

  it('changes a task that goes on at once', () => {
    const run = new TaskRun(withFiles(4, { nFilesPerJob: 2, maxAttempt: 1 }));
    run.fail(run.jobs().slice(0, 1));
    expect(retry(run, { nFilesPerJob: 1 })).toMatchObject({
      code: 3,
      message: 'retry has been triggered for failed jobs while the task is still running',
    });
    expect(run.jobs('activated').map(({ takes }) => takes.length)).toEqual([2, 1, 1]);
  });

  it.each([[null], [[]], ['text'], [5]])('of %j is refused', (parameters) => {
    expect(retry(new TaskRun(), parameters)).toMatchObject({
      ...{ code: 1, message: expect.stringMatching(/^new parameter conversion failed with /) as string },
    });
  });
});
