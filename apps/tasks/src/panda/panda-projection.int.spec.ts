import type { JobFile, NewJob, PandaEvents, PandaUnitEvents } from '#contracts/panda/events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { recentJobs } from './job/job-rows.js';
import { READY_QUEUE } from './status-table.js';
import { workStream } from './streams.js';
import { inTables, type TableStore } from './testing/table-store.js';
import type { Job, Task } from './view.js';

const TASK = 10_000_001;
const STREAM = workStream(String(TASK));
const START_MICROS = 1_767_225_600_000_000;
const SECOND = 1_000_000;

type Events = PandaEvents & PandaUnitEvents;

describe('tables of PanDA', () => {
  let store: TableStore;
  let nowMicros: number;

  const record = <Type extends keyof Events>(type: Type, data: Events[Type]): void => {
    nowMicros += SECOND;
    const event: DecidedEvent = { stream: STREAM, type, data };
    store.apply(event, nowMicros);
  };
  const task = (): Task => {
    const found = store.view.task(TASK);
    if (found === undefined) throw new Error('No task');
    return found;
  };
  const job = (id: number): Job => {
    const found = store.view.job(id);
    if (found === undefined) throw new Error(`No job ${id}`);
    return found;
  };
  const counters = (id: number): readonly number[] => {
    const dataset = store.view.dataset(id);
    if (dataset === undefined) throw new Error(`No dataset ${id}`);
    return [dataset.nFiles, dataset.nFilesUsed, dataset.nFilesRunning, dataset.nFilesFinished, dataset.nFilesFailed];
  };
  const output = (pandaId: number): JobFile => ({
    ...{ row_ID: pandaId, type: 'output', lfn: `out.${pandaId}`, status: 'unknown' },
    ...{ datasetID: 2, fileID: 100 + pandaId },
  });
  const create = (first: number, takes: readonly number[], more: Partial<Events['JobsCreated']> = {}): void => {
    const jobs = takes.map((file, at): NewJob => ({
      panda_id: first + at,
      set: { jobName: `job ${first + at}` },
      files: [
        { row_ID: 50 + first + at, type: 'input', lfn: `f${file}`, status: 'ready', datasetID: 1, fileID: file },
        output(first + at),
      ],
      takes: [file],
    }));
    record('JobsCreated', {
      ...{ units: [[first, first + jobs.length - 1]], workload_id: String(TASK), kind: 'run', status: 'activated' },
      ...{ site: 'SITE_A', label: 'user', priority: 1000, requirements: '{"ram":2000}' },
      common: { gshare: 'User Analysis', prodUserName: 'Demo User', jobDefinitionID: 7, resource_type: 'SCORE' },
      jobs,
      ...more,
    });
  };
  const claim = (ordinal: number): void =>
    record('UnitsClaimed', {
      ...{ units: [[ordinal, ordinal]], status: 'sent', lease_id: '1', holder: '', site: 'SITE_A' },
      set: { modificationHost: 'node' },
    });

  beforeEach(() => {
    store = inTables();
    nowMicros = START_MICROS;
    record('TaskSubmitted', {
      ...{ workload_id: String(TASK), task_id: TASK },
      set: { taskName: 'user.demo.t1', userName: 'Demo User', vo: 'wlcg', prodSourceLabel: 'user' },
    });
    record('DatasetsAdded', {
      datasets: [
        { dataset_id: 1, name: 'mc.in', type: 'input', status: 'defined' },
        { dataset_id: 2, name: 'user.out', type: 'output', status: 'defined' },
      ],
    });
    record('FilesAdded', {
      ...{ dataset_id: 1, first_file_id: 1, status: 'ready', max_attempt: 2 },
      files: [{ lfn: 'c' }, { lfn: 'a' }, { lfn: 'b', n_events: 10 }],
    });
  });

  it('show a task with its datasets and files', () => {
    expect(task()).toMatchObject({ id: TASK, status: 'registered', stream: STREAM, nextOrdinal: 0 });
    expect(task().attributes).toMatchObject({
      ...{ jediTaskID: TASK, status: 'registered', creationDate: '2026-01-01T00:00:01', errorDialog: null },
    });
    expect(store.view.datasets(task()).map(({ id, nFiles, nEvents }) => [id, nFiles, nEvents])).toEqual([
      [1, 3, 10],
      [2, 0, 0],
    ]);
    const [input] = store.view.datasets(task());
    expect(input && store.view.usableFiles(input, 2).map(({ lfn }) => lfn)).toEqual(['a', 'b']);
    expect([store.view.hasFile(1, 'a'), store.view.hasFile(1, 'x')]).toEqual([true, false]);
    expect((['task', 'dataset', 'file', 'job', 'row'] as const).map((name) => store.view.next(name))).toEqual([
      TASK + 1,
      3,
      4,
      1,
      1,
    ]);
  });

  it('follow a job through success', () => {
    create(1, [2]);
    expect([...store.view.ready.classes(READY_QUEUE)].map(({ site, label }) => [site, label])).toEqual([
      ['SITE_A', 'user'],
    ]);
    expect([counters(1), counters(2)]).toEqual([
      [3, 1, 0, 0, 0],
      [1, 0, 0, 0, 0],
    ]);
    claim(1);
    expect([store.view.countExecuting('User Analysis'), store.view.countAtSite('SITE_A', 'sent')]).toEqual([1, 1]);
    record('UnitStarted', { units: [[1, 1]], status: 'running', set: { startTime: '2026-01-01T00:00:05' } });
    expect(counters(1)).toEqual([3, 1, 1, 0, 0]);
    record('UnitsMoved', { units: [[1, 1]], status: 'holding', final: 'finished', set: { nEvents: 5 } });
    expect(store.view.reportedJobs(5).map(({ pandaId, status }) => [pandaId, status])).toEqual([[1, 'holding']]);
    record('UnitSucceeded', {
      ...{ units: [[1, 1]], status: 'finished' },
      end: {
        ...{ set: { outputFileBytes: 1024 }, inputs: 'finished' },
        files: [{ row_ID: 1, status: 'finished', fsize: 1024, checksum: 'ad:01', GUID: 'A-1', n_events: 5 }],
      },
    });
    expect([counters(1), counters(2)]).toEqual([
      [3, 1, 0, 1, 0],
      [1, 0, 0, 1, 0],
    ]);
    expect(store.view.reportedJobs(5)).toEqual([]);
    expect(job(1)).toMatchObject({ pandaId: 1, ordinal: 1, kind: 'run', status: 'finished', taskId: TASK, takes: [2] });
    expect(job(1).attributes).toMatchObject({
      ...{ PandaID: 1, jobStatus: 'finished', jobName: 'job 1', computingSite: 'SITE_A', currentPriority: 1000 },
      ...{ outputFileBytes: 1024, nEvents: 5, modificationHost: 'node', stateChangeTime: '2026-01-01T00:00:08' },
      ...{ jediTaskID: TASK, ddmErrorCode: 0, ddmErrorDiag: null },
    });
    expect(job(1).files.map(({ status, fsize }) => [status, fsize])).toEqual([
      ['ready', undefined],
      ['finished', 1024],
    ]);
    expect(store.view.file(101)).toMatchObject({ status: 'finished', fsize: 1024, checksum: 'ad:01', nEvents: 5 });
    expect(store.view.next('file')).toBe(102);
    expect(store.view.nextJobDefinition('Demo User')).toBe(8);
  });

  it('keep no job in memory that is large', () => {
    create(1, [2, 3]);
    const recent = recentJobs(store.database);
    const isKept = (id: number): boolean => recent.get(job(id).key) !== undefined;
    expect([isKept(1), isKept(2)]).toEqual([true, true]);
    record('JobsAmended', { units: [[1, 1]], set: { jobParameters: 'x'.repeat(20_000) }, kind: 'server' });
    expect([isKept(1), isKept(2)]).toEqual([false, true]);
    expect(job(1).attributes.jobParameters).toHaveLength(20_000);
  });

  it('show nothing of what was rolled back', () => {
    const common = { gshare: 'User Analysis', prodUserName: 'Demo User', resource_type: 'SCORE' };
    store.undo(() => {
      create(1, [2], { common: { ...common, jobDefinitionID: 7 } });
      claim(1);
      expect(job(1).attributes).toMatchObject({ jobDefinitionID: 7, jobStatus: 'sent' });
    });
    expect(store.view.countAtSite('SITE_A', 'sent')).toBe(0);
    create(1, [2], { common: { ...common, jobDefinitionID: 8 } });
    expect(job(1).attributes).toMatchObject({ jobDefinitionID: 8, jobStatus: 'activated' });
    expect([store.view.countActiveOf('Demo User'), store.view.countAtSite('SITE_A', 'activated')]).toEqual([1, 1]);
  });

  it('make files of failed jobs ready until their attempts are over', () => {
    create(1, [1]);
    record('UnitFailed', { units: [[1, 1]], status: 'failed', end: { set: {}, inputs: 'failed' } });
    expect(counters(1)).toEqual([3, 0, 0, 0, 0]);
    create(2, [1]);
    record('UnitsMoved', { units: [[2, 2]], status: 'cancelled', end: { set: {}, inputs: 'released' } });
    expect(counters(1)).toEqual([3, 1, 0, 0, 1]);
    expect(store.view.file(1)).toMatchObject({ status: 'ready', procStatus: 'failed', attemptNr: 2, failedAttempt: 1 });
    expect(store.view.exhaustedFiles(1)).toEqual([1]);
    record('FilesReopened', { files: [[1, 1]], add_attempts: 5 });
    expect(counters(1)).toEqual([3, 0, 0, 0, 0]);
  });

  it('keep commands until they are carried out, and the reasons of all statuses', () => {
    record('CommandRegistered', { command: 'kill', options: '{}', by: 'Demo User', is_production: false });
    expect(task().command).toEqual({ name: 'kill', options: '{}', by: 'Demo User', isProduction: false });
    record('TaskMoved', { status: 'broken', reason: 'no input', set: { errorDialog: 'no input' } });
    expect(store.view.unsettledTasks(0, 9)).toEqual([TASK]);
    record('CommandDropped', { command: 'kill', reason: 'it is broken' });
    expect([task().command, store.view.unsettledTasks(0, 9)]).toEqual([undefined, []]);
    expect(task().attributes).toMatchObject({ status: 'broken', errorDialog: 'no input' });
    expect(store.view.countOfTasks('Demo User', ['broken', 'done'])).toBe(1);
  });

  it('put texts together', () => {
    record('TextStored', { name: 'parameters', text: '{"a":', goes_on: true });
    record('TextContinued', { name: 'parameters', text: '1}' });
    create(1, [1]);
    record('TextStored', { units: [[1, 1]], name: 'report', text: 'first' });
    record('TextStored', { units: [[1, 1]], name: 'report', text: 'second' });
    expect([store.view.taskText(task(), 'parameters'), store.view.taskText(task(), 'template')]).toEqual([
      '{"a":1}',
      undefined,
    ]);
    expect([store.view.jobText(1, 'report'), store.view.jobText(9, 'report')]).toEqual(['second', undefined]);
  });

  it('find jobs by what is asked of them', () => {
    create(1, [1, 2]);
    create(3, [3], { kind: 'build', status: 'defined' });
    claim(2);
    const found = store.view.jobStates(task());
    expect(found.map(({ pandaId, kind, status }) => [pandaId, kind, status])).toEqual([
      [1, 'run', 'activated'],
      [2, 'run', 'sent'],
      [3, 'build', 'defined'],
    ]);
    const some = store.view.jobStates(task(), { statuses: ['defined', 'activated', 'sent'], after: 1, limit: 1 });
    expect(some.map(({ pandaId }) => pandaId)).toEqual([2]);
    expect([store.view.countOfJobs(task(), 'activated'), store.view.countOfJobs(task(), 'defined', 'run')]).toEqual([
      1, 0,
    ]);
    expect(store.view.unmodifiedJobs('sent', nowMicros + 1, { limit: 5 })).toEqual([
      { pandaId: 2, modifiedMicros: nowMicros },
    ]);
    expect(store.view.unmodifiedJobs('sent', nowMicros, { limit: 5 })).toEqual([]);
    record('JobsAmended', { units: [[1, 1]], set: { specialHandling: 'ao,debug' }, kind: 'server' });
    expect(store.view.debugJobs({ user: 'Demo User' })).toEqual([1]);
    record('JobsPlaced', { units: [[1, 1]], site: 'SITE_B', set: { gshare: 'Test' } });
    expect([store.view.countAtSite('SITE_A', 'activated'), store.view.countAtSite('SITE_B', 'activated')]).toEqual([
      0, 1,
    ]);
    expect(task().nextOrdinal).toBe(4);
  });
});
