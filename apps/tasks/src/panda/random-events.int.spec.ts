import fc from 'fast-check';
import { JOB_STATUSES, type JobStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { FILE_STATUSES, PROC_STATUSES } from './file/file-words.js';
import { JobRows } from './job/job-rows.js';
import { workStream } from './streams.js';
import { inTables, type TableStore } from './testing/table-store.js';

const TASK = '10000001';
const FILES = 6;
const INPUTS = 1;
const OUTPUTS = 2;
const START_MICROS = 1_767_225_600_000_000;
const SECOND = 1_000_000;

/** An event of the task at a second. Any may follow any: events cannot be refused. */
interface Step {
  readonly second: number;
  readonly type: string;
  readonly data: object;
}

/** Makes a step, when so many jobs exist. */
type Making = (jobs: number) => { readonly type: string; readonly data: object } | undefined;

const anyFile = fc.integer({ min: 1, max: FILES });
const anyFiles = fc.tuple(anyFile, anyFile).map(([one, other]) => [[Math.min(one, other), Math.max(one, other)]]);
// Mostly the same, so that much is counted together.
const anySite = fc.constantFrom('SITE_A', 'SITE_B', 'SITE_B', 'SITE_B');
const anyShare = fc.constantFrom('Test', 'User Analysis', 'User Analysis', 'User Analysis');
// Clients ask for what they like.
const anyMemory = fc.constantFrom(0, 1, 2_000, 2_000.5, 16_000, -1, 1e300);
const anyOutcome = fc.constantFrom('finished', 'failed', 'released', 'superseded');

/** Some jobs, as ranges. */
const units = (at: number, count: number, jobs: number): [number, number][] => {
  const first = at % jobs;
  return [[first, Math.min(jobs - 1, first + count - 1)]];
};
const changing = (change: fc.Arbitrary<{ readonly type: string; readonly data: object }>): fc.Arbitrary<Making> =>
  fc.tuple(fc.nat(50), fc.integer({ min: 1, max: 3 }), change).map(
    ([at, count, { type, data }]) =>
      (jobs) =>
        jobs === 0 ? undefined : { type, data: { units: units(at, count, jobs), ...data } },
  );

const create: fc.Arbitrary<Making> = fc
  .tuple(
    fc.uniqueArray(anyFile, { maxLength: 2 }),
    anySite,
    anyShare,
    fc.constantFrom('activated', 'defined'),
    fc.record({ minRamCount: anyMemory, coreCount: fc.constantFrom(0, 1, 8) }),
  )
  .map(([takes, site, gshare, status, needs]) => (jobs) => {
    const id = jobs + 1;
    const output = {
      row_ID: id,
      type: 'output',
      lfn: `out.${id}`,
      status: 'unknown',
      datasetID: OUTPUTS,
      fileID: 100 + id,
    };
    return {
      type: 'JobsCreated',
      data: {
        ...{ units: [[jobs, jobs]], workload_id: TASK, kind: 'run', status, site, label: 'user', priority: 1 },
        ...{ requirements: '{}', common: { gshare, prodUserName: 'u', resource_type: 'SCORE' } },
        jobs: [{ panda_id: id, set: { jobName: `job.${id}`, ...needs }, files: [output], takes }],
      },
    };
  });

const end = fc
  .tuple(anyOutcome, fc.option(fc.tuple(anyFile, fc.constantFrom('skipped', 'failed', 'finished'))))
  .map(([inputs, except]) => ({
    ...{ set: { outputFileBytes: 7 }, inputs },
    ...(except !== null && { except: [{ file_id: except[0], inputs: except[1] }] }),
  }));

const makings: fc.Arbitrary<Making> = fc.oneof(
  { arbitrary: create, weight: 3 },
  changing(
    anySite.map((site) => ({
      type: 'UnitsClaimed',
      data: { status: 'sent', lease_id: '1', holder: 'p', site, set: {} },
    })),
  ),
  changing(
    fc.constant({ type: 'UnitStarted', data: { status: 'running', set: { startTime: '2026-01-01T00:00:00' } } }),
  ),
  changing(
    fc
      .constantFrom({ final: 'finished', report: '{"out.1":{}}' }, { final: 'finished' }, { final: 'failed' })
      .map((end) => ({ type: 'UnitsMoved', data: { status: 'holding', ...end } })),
  ),
  changing(
    fc.constantFrom('throttled', 'activated', 'merging').map((status) => ({ type: 'UnitsMoved', data: { status } })),
  ),
  changing(end.map((ending) => ({ type: 'UnitsMoved', data: { status: 'closed', end: ending } }))),
  {
    arbitrary: changing(end.map((ending) => ({ type: 'UnitSucceeded', data: { status: 'finished', end: ending } }))),
    weight: 6,
  },
  changing(
    fc.tuple(end, fc.constantFrom({}, { measure: 'not tried again' })).map(([ending, told]) => ({
      type: 'UnitFailed',
      data: { status: 'failed', end: ending, ...told },
    })),
  ),
  changing(anyShare.map((gshare) => ({ type: 'JobsPlaced', data: { site: 'SITE_B', set: { gshare } } }))),
  changing(fc.constant({ type: 'JobsPrioritized', data: { priority: 5 } })),
  changing(
    fc
      .constantFrom('debug', null)
      .map((specialHandling) => ({ type: 'JobsAmended', data: { set: { specialHandling }, kind: 'server' } })),
  ),
  fc.tuple(anyFiles, fc.option(fc.integer({ min: 1, max: 2 })), fc.boolean()).map(([files, more, resets]) => () => ({
    type: 'FilesReopened',
    data: { files, ...(more !== null && { add_attempts: more }), ...(resets && { resets_attempts: true }) },
  })),
  fc
    .tuple(anyFiles, fc.option(fc.constantFrom('ready', 'lost', 'missing', 'pending')), fc.nat(2))
    .map(([files, status, add_attempts]) => () => ({
      type: 'FilesAmended',
      data: { files, add_attempts, ...(status !== null && { status }) },
    })),
);

/** Clocks may go back. */
const steps = fc
  .array(fc.tuple(makings, fc.integer({ min: -2, max: 5 })), { minLength: 1, maxLength: 60 })
  .map((all) => {
    const made: Step[] = [];
    let [jobs, second] = [0, 10];
    for (const [making, by] of all) {
      const step = making(jobs);
      second += by;
      if (step === undefined) continue;
      made.push({ second, ...step });
      if (step.type === 'JobsCreated') jobs += 1;
    }
    return made;
  });

const BEFORE: readonly Step[] = [
  { second: 0, type: 'TaskSubmitted', data: { workload_id: TASK, task_id: Number(TASK), set: { userName: 'u' } } },
  {
    second: 0,
    type: 'DatasetsAdded',
    data: {
      datasets: [
        { dataset_id: INPUTS, name: 'in', type: 'input', status: 'ready' },
        { dataset_id: OUTPUTS, name: 'out', type: 'output', status: 'ready' },
      ],
    },
  },
  {
    second: 0,
    type: 'FilesAdded',
    data: {
      ...{ dataset_id: INPUTS, first_file_id: 1, status: 'ready', max_attempt: 2, max_failure: 1 },
      pseudo: { lfn: 'p', count: FILES, events_per_file: 3 },
    },
  },
];

const applied = (all: readonly Step[]): TableStore => {
  const store = inTables();
  for (const { second, type, data } of [...BEFORE, ...all]) {
    const event: DecidedEvent = { stream: workStream(TASK), type, data };
    store.apply(event, START_MICROS + second * SECOND);
  }
  return store;
};

type Row = Readonly<Record<string, unknown>>;
const rows = ({ database }: TableStore, sql: string, ...values: number[]): Row[] =>
  database
    .prepare(sql)
    .all(...values)
    .map((row) => ({ ...row }));

const proc = (word: (typeof PROC_STATUSES)[number]): number => PROC_STATUSES.indexOf(word);
const isOneOf = (...words: (typeof FILE_STATUSES)[number][]): string =>
  `status IN (${words.map((word) => FILE_STATUSES.indexOf(word)).join(', ')})`;
const EXHAUSTED = `(${isOneOf('ready')} AND (attempt >= max_attempt OR failed >= max_failure))`;

describe('tables of PanDA after any events', () => {
  it('have counters of datasets that are sums over files', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const store = applied(all);
        const [counted] = rows(
          store,
          `SELECT count(*) AS files, sum(${isOneOf('picked', 'running', 'merging', 'finished', 'failed')} OR ${EXHAUSTED}) AS used,
             sum(proc = ${proc('running')}) AS running, sum(${isOneOf('finished')}) AS finished, sum(${EXHAUSTED}) AS failed,
             sum(${isOneOf('lost', 'missing')}) AS missing, sum(iif(${isOneOf('finished')}, n_events, 0)) AS events_used
           FROM panda_file WHERE dataset = ?`,
          INPUTS,
        );
        const columns = 'files, used, running, finished, failed, missing, events_used';
        expect(rows(store, `SELECT ${columns} FROM panda_dataset WHERE id = ?`, INPUTS)).toEqual([counted]);
        const made = rows(
          store,
          `SELECT count(*) AS files, coalesce(sum(${isOneOf('finished')}), 0) AS finished, coalesce(sum(${isOneOf('failed')}), 0) AS failed
           FROM panda_file WHERE dataset = ?`,
          OUTPUTS,
        );
        expect(rows(store, 'SELECT files, finished, failed FROM panda_dataset WHERE id = ?', OUTPUTS)).toEqual(made);
        const usable = rows(
          store,
          `SELECT id FROM panda_file WHERE dataset = ? AND ${isOneOf('ready')} AND NOT ${EXHAUSTED}`,
          INPUTS,
        );
        const dataset = store.view.dataset(INPUTS);
        expect(dataset && store.view.usableFiles(dataset, 100).map(({ id }) => id)).toEqual(usable.map(({ id }) => id));
      }),
    );
  });

  it('have numbers of jobs that are those of their rows', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const store = applied(all);
        const { counts, reader } = store.view;
        const jobs = store.view
          .jobStates(store.view.home(TASK))
          .flatMap(({ pandaId }) => store.view.job(pandaId) ?? []);
        const count = (which: (job: (typeof jobs)[number]) => boolean): number => jobs.filter(which).length;
        const final: readonly JobStatus[] = ['finished', 'failed', 'cancelled', 'closed'];
        const sum = (found: readonly { readonly n: number }[]): number => found.reduce((total, { n }) => total + n, 0);
        expect(sum(counts.active())).toBe(count(({ status }) => !final.includes(status)));
        for (const second of new Set(all.map((step) => step.second))) {
          const since = START_MICROS + second * SECOND;
          const ended = rows(store, 'SELECT count(*) AS n FROM panda_job WHERE status >= 12 AND changed > ?', since);
          expect(sum(counts.endedSince(since))).toBe(ended[0]?.['n']);
        }
        for (const site of ['SITE_A', 'SITE_B']) {
          for (const status of JOB_STATUSES) {
            expect(store.view.countAtSite(site, status)).toBe(
              count((job) => job.status === status && job.attributes.computingSite === site),
            );
          }
        }
        for (const site of ['SITE_A', 'SITE_B']) {
          for (const status of ['starting', 'running'] as const) {
            const memory = jobs
              .filter((job) => job.status === status && job.attributes.computingSite === site)
              .map(({ attributes: { minRamCount, coreCount } }) =>
                Math.round((minRamCount ?? 0) / Math.max(1, coreCount ?? 1)),
              );
            const bounded = memory.map((each) => Math.min(Math.max(0, each), 2 ** 30));
            expect(store.view.memoryAtSite(site, status)).toBe(bounded.reduce((one, other) => one + other, 0));
          }
        }
        expect(store.view.countActiveOf('u')).toBe(count(({ status }) => !final.includes(status)));
        const inRows = new JobRows(reader);
        for (const job of jobs) {
          const { attributes, files, reported, report, measure } = inRows.jobAt(job.key) ?? {};
          expect([job.attributes, job.files]).toEqual([attributes, files]);
          expect([job.reported, job.report, job.measure]).toEqual([reported, report, measure]);
          const unit = reader.byKey(job.key)?.unit;
          expect([unit?.status, unit?.site, unit?.priority]).toEqual([
            ...[job.status, job.attributes.computingSite, job.attributes.currentPriority],
          ]);
        }
      }),
    );
  });

  it('are the same when they are made again', () => {
    const dumpOf = (store: TableStore): readonly (readonly [unknown, Row[]])[] =>
      rows(
        store,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND (name LIKE 'panda%' OR name LIKE 'unit%') ORDER BY name",
      ).map(({ name }) => [name, rows(store, `SELECT * FROM ${String(name)}`)]);
    fc.assert(
      fc.property(steps, (all) => expect(dumpOf(applied(all))).toEqual(dumpOf(applied(all)))),
      { numRuns: 20 },
    );
  });
});
