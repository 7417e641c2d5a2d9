import fc from 'fast-check';
import { TaskRun, withFiles } from '../testing/task-run.js';

type Item = Readonly<Record<string, unknown>>;

const secondary = (count: number, fields: Item = {}): Item => ({
  ...{ type: 'template', param_type: 'input', value: '-s ${IN2}', dataset: 'user.demo.more' },
  files: Array.from({ length: count }, (_, at) => ({ lfn: `more.${at + 1}` })),
  ...fields,
});

const withItems = (count: number, items: readonly Item[], fields: Item = {}) => {
  const document = withFiles(count, fields);
  return { ...document, jobParameters: [...(document['jobParameters'] as readonly Item[]), ...items] };
};

const commands = (run: TaskRun): readonly string[] =>
  run.jobs().map(({ attributes }) => (attributes.jobParameters ?? '').replace(/^.*?root /u, ''));

describe('secondary inputs', () => {
  it.each<[string, Item, readonly string[]]>([
    ['one file for each of the master, without a rule', {}, ['-s more.[1,2]', '-s more.[3,4]']],
    ['as many as the item says', { nFilesPerJob: 1 }, ['-s more.1', '-s more.2']],
    ['a multiple of the master', { ratio: 0.5 }, ['-s more.1', '-s more.2']],
  ])('give %s', (_, fields, expected) => {
    const run = new TaskRun(withItems(4, [secondary(4, fields)], { nFilesPerJob: 2 }));
    expect(commands(run).map((text) => text.replace(/^.*root /u, ''))).toEqual(expected);
  });

  it('end the task when they are used up', () => {
    const run = new TaskRun(withItems(4, [secondary(3)], { nFilesPerJob: 1 }));
    expect(run.jobs()).toHaveLength(3);
    run.finish(run.jobs());
    expect(run.status).toBe('finished');
  });

  it('break a task whose first job they are too few for', () => {
    const run = new TaskRun(withItems(4, [secondary(1)], { nFilesPerJob: 2 }));
    expect([run.status, run.dialog]).toEqual(['broken', 'a secondary input has too few files for one job']);
  });

  it('begin again when they are reusable, and are never used up', () => {
    const run = new TaskRun(withItems(5, [secondary(2, { reusable: true, nFilesPerJob: 1 })], { nFilesPerJob: 1 }));
    expect(commands(run).map((text) => text.slice(-'more.1'.length))).toEqual(
      [1, 2, 1, 2, 1].map((number) => `more.${number}`),
    );
    expect(run.jobs().map(({ takes }) => takes.length)).toEqual([1, 1, 1, 1, 1]);
    run.finish(run.jobs());
    expect(run.status).toBe('done');
  });

  it('go with the records that are tried again', () => {
    const run = new TaskRun(withItems(3, [secondary(3)], { nFilesPerJob: 1 }));
    run.fail(run.jobs().slice(0, 1));
    expect(commands(run).at(-1)).toMatch('more.1');
    run.finish(run.jobs('activated'));
    expect(run.status).toBe('done');
  });
});

describe('sequence numbers', () => {
  it('go up one by one', () => {
    const item = { type: 'template', param_type: 'pseudo_input', value: '-n ${SEQ}', dataset: 'seq_number' };
    const run = new TaskRun(withItems(12, [item], { nFilesPerJob: 1, skipScout: true }));
    expect(commands(run).map((text) => text.replace(/^.*-n /u, ''))).toEqual(
      Array.from({ length: 12 }, (_, at) => String(at + 1)),
    );
  });

  it('may be a list of files', () => {
    const run = new TaskRun(withItems(2, [secondary(2, { dataset: 'seq_number' })], { nFilesPerJob: 1 }));
    const told = commands(run).map((text) => text.replace(/^.*root /u, ''));
    expect([run.dialog, ...told]).toEqual([null, '-s more.1', '-s more.2']);
  });
});

describe('random seeds', () => {
  const seed: Item = { type: 'template', param_type: 'number', value: '--seed ${RNDMSEED}', offset: 100 };
  const seeds = (run: TaskRun) => commands(run).map((text) => /--seed (\S+)/u.exec(text)?.[1]);

  it('count up from the offset, and stay with a job that is tried again', () => {
    const run = new TaskRun(withItems(3, [seed], { nFilesPerJob: 1 }));
    expect(seeds(run)).toEqual(['101', '102', '103']);
    run.fail(run.jobs().slice(1, 2));
    expect(seeds(run)).toEqual(['101', '102', '103', '102']);
  });
});

describe('event-split records', () => {
  it('tell jobs their events', () => {
    const item = { type: 'constant', value: '${SKIPEVENTS}/${MAXEVENTS}' };
    const document = { nFilesPerJob: undefined, nEventsPerFile: 250, nEventsPerJob: 100 };
    const run = new TaskRun(withItems(1, [item], document));
    expect(commands(run).map((text) => text.replace(/^.* /u, ''))).toEqual(['0/100', '100/100', '200/50']);
  });
});

describe('whatever happens to jobs', () => {
  it('each usable record is in exactly one active job, and no serial number repeats', () => {
    const outcome = fc.constantFrom('finish' as const, 'fail' as const, 'close' as const, 'wait' as const);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 25 }),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.array(outcome, { minLength: 1, maxLength: 12 }), { maxLength: 5 }),
        fc.boolean(),
        (files, perJob, rounds, areScouted) => {
          const run = new TaskRun(
            withFiles(files, { nFilesPerJob: perJob, skipScout: areScouted ? undefined : true, maxAttempt: 2 }),
          );
          for (const outcomes of rounds) {
            run.jobs('activated').forEach((job, at) => {
              const what = outcomes[at % outcomes.length];
              if (what === 'finish') run.finish([job]);
              else if (what === 'fail') run.fail([job]);
              else if (what === 'close') run.fail([job], 'released');
            });
            check(run);
          }
          return true;
        },
      ),
      { numRuns: 12 },
    );
  });

  const check = (run: TaskRun): void => {
    const active = run.jobs('activated').flatMap(({ takes }) => takes);
    expect(new Set(active).size).toBe(active.length);
    const mayUseAll = run.status === 'running';
    for (const { id, status, attemptNr, maxAttempt } of run.files('input')) {
      const isUsable = attemptNr < maxAttempt && status !== 'finished';
      if (mayUseAll) expect(active.includes(id)).toBe(isUsable);
      else if (active.includes(id)) expect(status).toBe('running');
    }
    const names = run.jobs().flatMap(({ files }) => files.filter(({ type }) => type !== 'input').map(({ lfn }) => lfn));
    expect(new Set(names).size).toBe(names.length);
  };
});
