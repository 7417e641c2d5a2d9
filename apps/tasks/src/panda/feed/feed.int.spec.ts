import { PRUN, TASK_ID, TaskRun, withFiles } from '../testing/task-run.js';
import type { TaskFile } from '../view.js';

type Document = Readonly<Record<string, unknown>>;

const names = (files: readonly TaskFile[]): readonly string[] => files.map(({ lfn }) => lfn);
const bounds = (files: readonly TaskFile[]) => files.map(({ startEvent, endEvent }) => [startEvent, endEvent]);

const inline = (item: Document, fields: Document = {}): Document => ({
  ...withFiles(0),
  jobParameters: [{ type: 'template', param_type: 'input', value: '${IN}', dataset: 'data', ...item }],
  ...fields,
});

const FILES = ['b.root', 'c.log', 'a.root', 'd.root'];

describe('the pseudo input', () => {
  it('is split by events, the last part shorter', () => {
    const run = new TaskRun({ ...PRUN, nEvents: 25, nEventsPerJob: 10 });
    expect(bounds(run.files('pseudo_input'))).toEqual([
      [0, 9],
      [10, 19],
      [20, 24],
    ]);
    expect(run.files('pseudo_input')[0]).toMatchObject({ lfn: 'pseudo_lfn', attemptNr: 0, maxAttempt: 3 });
  });

  it.each<readonly [Document, number]>([
    [{ nEvents: 7, nEventsPerJob: undefined }, 7],
    [{ nEvents: undefined, nEventsPerJob: undefined, nFiles: 4 }, 4],
    [{ nEvents: undefined, nEventsPerJob: undefined }, 1],
  ])('with %j has %i records', (fields, count) => {
    expect(new TaskRun({ ...PRUN, ...fields }).files('pseudo_input')).toHaveLength(count);
  });

  it('lets ten scouts go first', () => {
    const run = new TaskRun({ ...PRUN, nEvents: 25 });
    expect(run.datasets('pseudo_input')[0]).toMatchObject({ nFiles: 25, nFilesToBeUsed: 10, status: 'ready' });
    expect(new TaskRun({ ...PRUN, nEvents: 25, skipScout: true }).jobs()).toHaveLength(25);
  });

  it('of too many records breaks the task', () => {
    const run = new TaskRun({ ...PRUN, nEvents: 10 ** 9 });
    expect([run.status, run.dialog]).toEqual(['broken', 'the input "pseudo_dataset" has more than 200000 records']);
  });
});

describe('a list of physical names', () => {
  it('becomes records with an index, and events where they are told', () => {
    const run = new TaskRun({
      ...PRUN,
      nEvents: undefined,
      nEventsPerJob: undefined,
      pfnList: ['x/a', 'x/b^50', 'x/c'],
    });
    expect(run.files('pseudo_input').map(({ lfn, nEvents }) => [lfn, nEvents])).toEqual([
      ['000000:x/a', null],
      ['000001:x/b', 50],
      ['000002:x/c', null],
    ]);
    expect(run.datasets('pseudo_input')[0]?.streamName).toBe('IN');
  });
});

describe('an inline list', () => {
  it.each<readonly [Document, Document, readonly string[]]>([
    [{}, {}, ['a.root', 'b.root', 'c.log', 'd.root']],
    [{ include: '\\.root$' }, {}, ['a.root', 'b.root', 'd.root']],
    [{ include: 'a.root,c' }, {}, ['a.root', 'c.log']],
    [{ exclude: '\\.log$,^a' }, {}, ['b.root', 'd.root']],
    [{ offset: 1 }, {}, ['b.root', 'c.log', 'd.root']],
    [{ offset: 1 }, { nFiles: 2 }, ['b.root', 'c.log']],
  ])('with %j and %j is %j', (item, fields, expected) => {
    expect(names(new TaskRun(inline({ files: FILES, ...item }, fields)).files('input'))).toEqual(expected);
  });

  it('of several datasets has nFiles and nEvents in all', () => {
    const twice = { files: FILES, dataset: 'one,two' };
    const filesOf = (fields: Document) =>
      new TaskRun(inline(twice, fields)).datasets('input').map(({ nFiles }) => nFiles);
    expect(filesOf({})).toEqual([4, 4]);
    expect(filesOf({ nFiles: 5 })).toEqual([4, 1]);
    expect(filesOf({ nFiles: 3 })).toEqual([3, 0]);
    expect(filesOf({ nEvents: 550, nEventsPerFile: 100 })).toEqual([4, 2]);
    // Of each file three parts, and of the last one that is wanted two.
    expect(filesOf({ nFiles: 5, nEvents: 450, nEventsPerFile: 100, nEventsPerJob: 40 })).toEqual([12, 2]);
    const run = new TaskRun(inline(twice, { nFiles: 3, skipScout: true, nFilesPerJob: 1 }));
    run.finish(run.jobs());
    expect([run.jobs().length, run.status]).toEqual([3, 'done']);
  });

  it('keeps what is told of each file', () => {
    const file = { lfn: 'a', scope: 's', fsize: 5, guid: 'G', checksum: 'ad:01', events: 9 };
    expect(new TaskRun(inline({ files: [file] })).files('input')[0]).toMatchObject({
      ...{ lfn: 'a', scope: 's', fsize: 5, guid: 'G', checksum: 'ad:01', nEvents: 9, maxAttempt: 3 },
    });
  });

  it('is split where files have more events than jobs take', () => {
    const files = [{ lfn: 'a', events: 25 }, { lfn: 'b', events: 5 }, 'c'];
    const run = new TaskRun(inline({ files }, { nEventsPerJob: 10, nEventsPerInputFile: 12 }));
    const records = run.files('input').map(({ lfn, startEvent, endEvent }) => [lfn, startEvent, endEvent]);
    expect(records).toEqual([
      ...[
        ['a', 0, 9],
        ['a', 10, 19],
        ['a', 20, 24],
      ],
      ...[['b', null, null]],
      ...[
        ['c', 0, 9],
        ['c', 10, 11],
      ],
    ]);
  });

  it('ends where there are enough events', () => {
    const files = ['a', 'b', 'c'].map((lfn) => ({ lfn, events: 10 }));
    expect(names(new TaskRun(inline({ files }, { nEvents: 20 })).files('input'))).toEqual(['a', 'b']);
    const cut = new TaskRun(inline({ files }, { nEvents: 15, nEventsPerJob: 4 })).files('input');
    expect(cut.reduce((sum, { nEvents }) => sum + (nEvents ?? 0), 0)).toBe(15);
  });

  it.each<readonly [Document, string]>([
    [{ files: [] }, 'primary input dataset is empty or all files are excluded'],
    [{ files: FILES, exclude: '.' }, 'primary input dataset is empty or all files are excluded'],
    [{ files: [{ fsize: 1 }] }, 'files[0] has no lfn'],
    [{ files: [5] }, 'files[0] has no lfn'],
    [{ files: 'a' }, 'files must be a list'],
    [{ files: FILES, include: '(' }, 'include has an invalid pattern: ('],
    [{ files: ['a'.repeat(40)], include: '^(a+)+b$' }, 'include has a pattern that takes too long: ^(a+)+b$'],
    [{}, 'unknown input dataset "data"'],
  ])('%j breaks the task', (item, why) => {
    const run = new TaskRun(inline(item));
    expect([run.status, run.dialog, run.task.attributes.superStatus]).toEqual(['broken', why, 'broken']);
  });

  it('may have a file of very many parts', () => {
    const files = [{ lfn: 'a', events: 150_000 }];
    const run = new TaskRun(inline({ files }, { nEventsPerJob: 1, totNumJobs: 1 }));
    expect(run.datasets('input')[0]?.nFiles).toBe(150_000);
  });

  it('may be empty if the task allows it', () => {
    expect(new TaskRun(inline({ files: [] }, { allowEmptyInput: true })).status).toBe('done');
  });

  it.each<readonly [Document, number]>([
    [{ nFilesPerJob: 3 }, 30],
    [{ nFilesPerJob: 2.25 }, 30],
    [{ nMaxFilesPerJob: 5 }, 50],
    [{ nMaxFilesPerJob: 2.25 }, 30],
    [{ nGBPerJob: 1 }, 20],
  ])('with %j has enough files for ten scouts', (fields, count) => {
    const files = Array.from({ length: 100 }, (_, at) => ({
      lfn: `f${String(at).padStart(3, '0')}`,
      fsize: 5 * 10 ** 8,
    }));
    const run = new TaskRun(inline({ files }, { skipScout: undefined, ...fields }));
    expect(run.datasets('input')[0]).toMatchObject({ nFiles: 100, nFilesToBeUsed: count });
    expect(run.jobs()).toHaveLength(10);
  });

  it('of a hundred thousand files is read in short steps', () => {
    const files = Array.from({ length: 100_000 }, (_, at) => `file.${(at * 7919) % 100_000}.root`);
    const run = new TaskRun(inline({ files }, { nMaxFilesPerJob: 200, totNumJobs: 1 }));
    expect(run.datasets('input')[0]?.nFiles).toBe(100_000);
    const events = run.decided.filter(({ type }) => type === 'FilesAdded');
    expect(Math.max(...events.map(({ data }) => JSON.stringify(data).length))).toBeLessThan(200_000);
    const [first, second] = run.files('input');
    expect([first?.lfn, second?.lfn]).toEqual(['file.0.root', 'file.1.root']);
  });
});

describe('numbers as a secondary input', () => {
  it('have their own value in each record', () => {
    const run = new TaskRun({
      ...PRUN,
      jobParameters: [
        {
          type: 'template',
          param_type: 'pseudo_input',
          dataset: 'seq_number',
          value: '${SEQ}',
          num_records: 3,
          offset: 5,
        },
      ],
    });
    const [, sequence] = run.datasets('pseudo_input');
    expect(sequence).toMatchObject({ name: 'seq_number', nFiles: 3, nFilesToBeUsed: 3 });
    expect(sequence?.masterId).toBe(run.datasets('pseudo_input')[0]?.id);
    const records = run.view.filesOf(sequence?.id ?? 0, 0, 10);
    expect(records.map(({ firstEvent }) => firstEvent)).toEqual([6, 7, 8]);
  });
});

describe('a child', () => {
  const CHILD_ID = TASK_ID + 1;
  const childOf = (run: TaskRun): Document => ({
    ...inline({ dataset: 'user.demo.out' }),
    parent_tid: run.task.id,
  });

  it('waits for the outputs of its parent', () => {
    const run = new TaskRun(withFiles(2, { nFilesPerJob: 1 }));
    const child = run.another(CHILD_ID, childOf(run));
    expect([child().status, child().attributes.oldStatus, child().attributes.errorDialog]).toEqual([
      ...['pending', 'defined', `waiting for the parent task ${TASK_ID}`],
    ]);
    run.finish(run.jobs('activated'));
    run.settle(CHILD_ID);
    expect(child()).toMatchObject({ status: 'running' });
    expect(child().attributes).toMatchObject({ errorDialog: null, oldStatus: null });
    const [input] = run.view.datasets(child());
    expect(names(run.view.filesOf(input?.id ?? 0, 0, 10))).toEqual(['out.000001.root', 'out.000002.root']);
  });
});
