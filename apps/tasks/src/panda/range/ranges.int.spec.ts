import type { RangesCut } from '#contracts/panda/range-events.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import { FINAL_JOB_STATUSES, JOB_STATUSES } from '#contracts/panda/statuses.js';
import { finished } from '#event-sourcing/testing/finished.js';
import { countReady } from './acquire-ranges.js';
import { reportRanges } from './report-ranges.js';
import { cutRanges } from './cut-ranges.js';
import { rangeStatuses } from './range-statuses.js';
import { JOBSET, RangeSpec, TASK } from './testing/range-spec.js';

const id = (panda: number, process: number, attempt = 10, file = 1): string =>
  `${TASK}-${panda}-${file}-${process}-${attempt}`;

const statusesOf = (spec: RangeSpec, pandaId: number): unknown => {
  const text = finished(rangeStatuses(spec.view, { jobs: [{ task_id: TASK, panda_id: pandaId }] }));
  return (JSON.parse(text) as Record<string, unknown>)[String(pandaId)];
};

describe('cutting ranges (contract 5.5)', () => {
  const cut = (records: ConstructorParameters<typeof RangeSpec>[0], rules: string, set = {}): readonly string[] => {
    const spec = new RangeSpec(records, rules, set);
    spec.cut(records.map((_, at) => at + 1));
    return spec.view.ranges
      .unacquired(spec.jobset, undefined, 100)
      .map(({ fileId, firstEvent, lastEvent, attemptNr }) => `${fileId}: ${firstEvent}-${lastEvent} (${attemptNr})`);
  };

  it.each([
    ['the example', [{ events: 250 }], 'ES=100', ['1: 1-100 (10)', '1: 101-200 (10)', '1: 201-250 (10)']],
    ['a record that begins later', [{ events: 20, start: 30 }], 'ES=10,XA=3', ['1: 31-40 (3)', '1: 41-50 (3)']],
    ['a record without events', [{}], 'ES=5', ['1: 1-1 (10)']],
    [
      'several records of a job',
      [{ events: 3 }, { events: 3 }],
      'ES=2',
      ['1: 1-2 (10)', '1: 3-3 (10)', '2: 4-5 (10)', '2: 6-6 (10)'],
    ],
    [
      'positions in files',
      [{ events: 3 }, { events: 3 }],
      'ES=2,IF=1',
      ['1: 1-2 (10)', '1: 3-3 (10)', '2: 1-2 (10)', '2: 3-3 (10)'],
    ],
  ] as const)('%s', (_, records, rules, expected) => {
    expect(cut(records, rules)).toEqual(expected);
  });

  it('single events of fine-grained tasks', () => {
    expect(cut([{ events: 3 }], 'ES=100', { eventService: 3 })).toEqual(['1: 1-1 (10)', '1: 2-2 (10)', '1: 3-3 (10)']);
  });

  it('no more than a million', () => {
    const spec = new RangeSpec([{ events: 1e12 }], 'ES=1');
    const [event] = cutRanges(spec.view, spec.task, [{ id: JOBSET, records: [spec.file(1)] }]);
    expect((event?.data as RangesCut).records[0]?.size).toBe(1e6);
  });

  it('one range of clones', () => {
    expect(cut([{ events: 3 }, { events: 4 }], 'ES=1', { eventService: 2 })).toEqual(['1: 1-3 (10)']);
  });

  it('anew: finished ones are discarded, open ones cancelled', () => {
    const spec = new RangeSpec([{ events: 300 }]);
    spec.cut([1]);
    const job = spec.running([1]);
    const [first] = spec.acquire(job, 2);
    spec.report([{ eventRangeID: first?.eventRangeID, eventStatus: 'finished' }]);
    spec.cut([1], 50);
    expect([spec.statuses(job), spec.statuses(JOBSET)]).toEqual([
      ['1-10 discarded', '101-10 cancelled'],
      ['201-10 cancelled'],
    ]);
    expect(spec.view.ranges.countsOf(50)).toEqual({ ready: 3 });
  });

  it('anew with notDiscardEvents: finished ones are done and left out', () => {
    const spec = new RangeSpec([{ events: 300 }], 'ES=100,ND=1');
    spec.cut([1]);
    const job = spec.running([1]);
    const [, second] = spec.acquire(job, 2);
    spec.report([{ eventRangeID: second?.eventRangeID, eventStatus: 'finished' }]);
    spec.cut([1], 50);
    expect(spec.statuses(job)).toEqual(['1-10 cancelled', '101-10 done']);
    const jobset = spec.view.ranges.jobset(50);
    expect(jobset && spec.view.ranges.unacquired(jobset, undefined, 9).map(({ processId }) => processId)).toEqual([
      1, 201,
    ]);
  });
});

describe('acquiring ranges (contract 5.1)', () => {
  let spec: RangeSpec;
  beforeEach(() => {
    spec = new RangeSpec([{ events: 250 }, { events: 100 }]);
    spec.cut([1, 2]);
  });

  it('names them by the job', () => {
    const job = spec.running([1, 2]);
    expect(spec.acquire(job, 2)).toEqual([
      { eventRangeID: id(job, 1), startEvent: 1, lastEvent: 100, LFN: 'input.0001.root', GUID: null, scope: null },
      { eventRangeID: id(job, 101), startEvent: 101, lastEvent: 200, LFN: 'input.0001.root', GUID: null, scope: null },
    ]);
    expect(spec.statuses(job)).toEqual(['1-10 sent', '101-10 sent']);
    expect(spec.view.ranges.countsOf(JOBSET)).toEqual({ ready: 2, sent: 2 });
    expect(countReady(spec.view, { job_id: job, jobset_id: JOBSET, task_id: TASK })).toBe(2);
    expect(countReady(spec.view, { job_id: 999, jobset_id: JOBSET, task_id: TASK })).toBe(0);
  });

  it.each(JOB_STATUSES.map((status) => [status, ['sent', 'starting', 'running'].includes(status) ? 1 : 0] as const))(
    'as a job that is %s: %d',
    (status, count) => {
      const job = spec.create([1, 2]);
      spec.move(job, status);
      expect(spec.acquire(job, 1)).toHaveLength(count);
    },
  );

  it('gives nothing to jobs that are to be killed, and to jobs of other tasks or jobsets', () => {
    const job = spec.running([1, 2]);
    expect(spec.acquire(job, -1)).toEqual([]);
    spec.record('JobsAmended', { units: [[0, 0]], set: { commandToPilot: 'tobekilled' }, kind: 'server' });
    expect(spec.acquire(job, 1)).toEqual([]);
    expect(spec.acquire(999, 1)).toEqual([]);
  });

  it('from one dataset', () => {
    const job = spec.running([1, 2]);
    expect(spec.acquire(job, 9, { segment_id: 7 })).toEqual([]);
    expect(spec.acquire(job, 3, { segment_id: 1 })).toHaveLength(3);
  });

  it('in random order gives each once', () => {
    const job = spec.running([1, 2]);
    const acquired = [...spec.acquire(job, 3, { scattered: true }), ...spec.acquire(job, 3, { scattered: true })];
    expect(new Set(acquired.map(({ eventRangeID }) => eventRangeID)).size).toBe(4);
  });

  it('closes consumers that still wait when nothing is left', () => {
    const [first, second, third] = [spec.running([1, 2]), spec.create([1, 2]), spec.running([1, 2])];
    spec.acquire(first, 3);
    expect(spec.job(second).status).toBe('activated');
    spec.acquire(first, 9);
    expect(spec.job(second).attributes).toMatchObject({ jobStatus: 'closed', taskBufferErrorCode: 116 });
    expect(spec.job(third).status).toBe('running');
    expect(spec.view.file(1)).toMatchObject({ status: 'running', attemptNr: 0 });
  });

  it('from the whole task as a jumbo job', () => {
    spec = new RangeSpec([{ events: 100 }, { events: 100 }]);
    spec.cut([1]);
    spec.cut([2], 40);
    const jumbo = spec.running([], { eventService: 4 });
    expect(spec.acquire(jumbo, 9).map(({ LFN }) => LFN)).toEqual(['input.0001.root', 'input.0002.root']);
  });
});

describe('reporting ranges (contract 5.2)', () => {
  let spec: RangeSpec;
  let job: number;
  beforeEach(() => {
    spec = new RangeSpec([{ events: 1000 }]);
    spec.cut([1]);
    job = spec.running([1]);
    spec.acquire(job, 5);
  });
  const item = (process: number, eventStatus: unknown, more = {}): object => ({
    ...{ eventRangeID: id(job, process), eventStatus },
    ...more,
  });

  it('stores final statuses', () => {
    const reply = spec.report([
      item(1, 'finished', { coreCount: 8, cpuConsumptionTime: 12.5, objstoreID: 3, pathConvention: 1000 }),
      item(101, 'failed', { errorCode: 5, errorDiag: 'bad' }),
      item(201, 'fatal'),
      item(301, 'running'),
      item(301, 'transferring'),
      item(401, 'strange'),
      { eventRangeID: 'x', eventStatus: 'finished' },
      item(100, 'finished'),
      { eventRangeID: id(job, 1, 10, 9), eventStatus: 'finished' },
      null,
    ]);
    expect(reply.returns).toEqual([true, true, true, null, null, false, false, false, false, false]);
    expect(reply.commands).toEqual({ [job]: null });
    expect(spec.statuses(job)).toEqual([
      '1-10 finished',
      '101-10 failed',
      '201-1 failed',
      '301-10 sent',
      '401-10 sent',
    ]);
    expect(spec.job(job).attributes).toMatchObject({ cpuConsumptionTime: 12, actualCoreCount: 8 });
    expect(statusesOf(spec, job)).toMatchObject({
      [id(job, 1)]: { status: 'finished', error: null, dialog: null },
      [id(job, 101)]: { status: 'failed', error: 5, dialog: 'bad' },
    });
    expect(statusesOf(spec, 77)).toEqual({});
  });

  it('answers a repeat true, without effect (D29)', () => {
    spec.report([item(1, 'finished')]);
    const before = spec.store.database.prepare('SELECT * FROM panda_range').all();
    expect(spec.report([item(1, 'failed'), item(1, 'finished')]).returns).toEqual([true, true]);
    expect(spec.store.database.prepare('SELECT * FROM panda_range').all()).toEqual(before);
  });

  it('answers the second of two reports of one call true, and stores the first', () => {
    expect(spec.report([item(1, 'failed'), item(1, 'finished')]).returns).toEqual([true, true]);
    expect(spec.statuses(job)[0]).toBe('1-10 failed');
  });

  it('stores zips of versions 1 and 2', () => {
    const zipFile = { lfn: 'premerge.zip', objstoreID: '3/1000', fsize: 2048, adler32: '0a1b2c3d', numEvents: 100 };
    const reply = spec.report(
      [{ zipFile, eventRanges: [item(1, 'finished'), item(101, 'finished')] }, item(201, 'finished')],
      1,
    );
    expect(reply.returns).toEqual([true, true, true]);
    expect(spec.view.ranges.zipsOf(job)).toEqual([
      {
        lfn: 'premerge.zip',
        object_store: '3/1000',
        fsize: 2048,
        checksum: 'ad:0a1b2c3d',
        n_events: 100,
      },
    ]);
  });

  const accepted = (status: JobStatus, version: number): boolean =>
    ['sent', 'running', 'starting', 'transferring'].includes(status) || (version === 2 && status === 'activated');

  it.each(([0, 1, 2] as const).flatMap((version) => JOB_STATUSES.map((status) => [version, status] as const)))(
    'version %d of a job that is %s',
    (version, status) => {
      spec.move(job, status);
      const { returns, commands } = spec.report([item(1, 'finished'), item(301, 'running')], version);
      expect(returns).toEqual(accepted(status, version) ? [true, null] : [false, false]);
      const isFinal = (FINAL_JOB_STATUSES as readonly string[]).includes(status);
      expect(commands).toEqual({ [job]: isFinal ? 'tobekilled' : null });
    },
  );

  it.each([0, 1, 2] as const)('version %d of ranges that are ready', (version) => {
    const returns = spec.report(
      [item(601, 'finished'), { eventRangeID: id(JOBSET, 701), eventStatus: 'finished' }],
      version,
    ).returns;
    expect(returns).toEqual(version === 2 ? [true, true] : [true, false]);
    expect(spec.view.ranges.countsOf(job)).toEqual(version === 2 ? { sent: 5, finished: 2 } : { sent: 5 });
  });

  it.each(['', 'x', '{}', '[1', '[1 2]', '[1,]', '[,]', '[1]]', '[{"a":1},]x', '[{"a":]'])(
    'refuses what is no list: %s',
    (elements) => {
      expect(() => spec.decide(reportRanges(spec.view, { elements, version: 0 }))).toThrow('failed to load JSON');
    },
  );

  it('tells unknown jobs and jobs to be preempted', () => {
    spec.record('JobsAmended', { units: [[0, 0]], set: { commandToPilot: 'softkill' }, kind: 'server' });
    const { returns, commands } = spec.report([
      item(1, 'finished'),
      { eventRangeID: id(99, 1), eventStatus: 'finished' },
    ]);
    expect(returns).toEqual([true, false]);
    expect(commands).toEqual({ [job]: 'softkill', 99: 'tobekilled' });
  });

  it('stores no more than 100,000 ranges of a call', () => {
    const { returns } = spec.report([
      ...Array.from({ length: 100_000 }, () => item(1, 'running')),
      item(101, 'finished'),
    ]);
    expect([returns.length, returns.at(-1)]).toEqual([100_001, null]);
    expect(spec.statuses(job)[1]).toBe('101-10 sent');
  });
});
