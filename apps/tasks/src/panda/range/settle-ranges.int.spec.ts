import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { FinalJobStatus } from '#contracts/panda/statuses.js';
import { takeSemaphore } from './settle-clone.js';
import { jumboStage } from './jumbo-stage.js';
import { settleRanges } from './settle-ranges.js';
import { JOBSET, RangeSpec, STREAM, TASK } from './testing/range-spec.js';

/** Ends a job as the adder would. */
const end = (spec: RangeSpec, job: number, status: FinalJobStatus): JobAttributes => {
  const inputs = status === 'finished' ? 'finished' : status === 'failed' ? 'failed' : 'released';
  const { ordinal } = spec.job(job);
  const settled = settleRanges(spec.view, spec.job(job), { status, end: { set: {}, inputs } }, 1);
  const type =
    settled.status === 'finished' ? 'UnitSucceeded' : settled.status === 'failed' ? 'UnitFailed' : 'UnitsMoved';
  const data = { units: [[ordinal, ordinal]], status: settled.status, end: settled.end };
  spec.apply([{ stream: STREAM, type, data }, ...settled.events]);
  return spec.job(job).attributes;
};

const report = (spec: RangeSpec, job: number, statuses: readonly string[]): void => {
  const acquired = spec.acquire(job, statuses.length);
  spec.report(acquired.map(({ eventRangeID }, at) => ({ eventRangeID, eventStatus: statuses[at] })));
};

const file = (spec: RangeSpec): unknown => {
  const { status, attemptNr, failedAttempt } = spec.view.file(1) ?? {};
  return [status, attemptNr, failedAttempt];
};

describe('the end of a consumer (contract 4.3)', () => {
  it.each([
    ['sent', undefined, 3, '1-2 ready'],
    ['finished', 'finished', 3, '1-3 done'],
    ['failed', 'failed', 3, '1-2 ready'],
    ['reported fatal', 'fatal', 3, '1-0 fatal'],
    ['sent for the last time', undefined, 1, '1-0 fatal'],
    ['failed for the last time', 'failed', 1, '1-0 fatal'],
    ['finished at the last time', 'finished', 1, '1-1 done'],
  ] as const)('a range that is %s', (_, status, attempts, expected) => {
    const spec = new RangeSpec([{ events: 100 }], `ES=100,XA=${attempts}`);
    spec.cut([1]);
    const job = spec.running([1]);
    if (status === undefined) spec.acquire(job, 1);
    else report(spec, job, [status]);
    end(spec, job, 'failed');
    expect([...spec.statuses(JOBSET), ...spec.statuses(job)]).toEqual([expected]);
  });

  it('done ranges are merged when the merge job has finished, and the inputs are finished', () => {
    const spec = new RangeSpec([{ events: 200 }]);
    spec.cut([1]);
    const job = spec.running([1]);
    report(spec, job, ['finished', 'finished']);
    end(spec, job, 'finished');
    const merge = job + 1;
    expect(spec.job(merge)).toMatchObject({ kind: 'merge', status: 'activated', takes: [1] });
    end(spec, merge, 'finished');
    expect(spec.statuses(job)).toEqual(['1-10 merged', '101-10 merged']);
    expect(file(spec)).toEqual(['finished', 1, 0]);
    expect(spec.view.dataset(1)).toMatchObject({ nFilesUsed: 1, nFilesFinished: 1 });
  });

  it('the next consumer of a paused task waits until it is resumed', () => {
    const spec = new RangeSpec([{ events: 200 }]);
    spec.cut([1]);
    const job = spec.running([1]);
    spec.acquire(job, 1);
    spec.record('TaskMoved', { status: 'paused' });
    end(spec, job, 'failed');
    expect(spec.job(job + 1).status).toBe('throttled');
  });

  it('no further consumer is made of a task that is being finished', () => {
    const spec = new RangeSpec([{ events: 200 }]);
    spec.cut([1]);
    const job = spec.running([1]);
    spec.acquire(job, 1);
    spec.record('TaskMoved', { status: 'finishing' });
    expect(end(spec, job, 'failed')).toMatchObject({ jobStatus: 'closed', taskBufferErrorCode: 100 });
    expect([file(spec), spec.view.next('job')]).toEqual([['ready', 1, 0], job + 1]);
  });

  it('a killed job gives back its ranges and makes no other', () => {
    const spec = new RangeSpec([{ events: 200 }]);
    spec.cut([1]);
    const [job, other] = [spec.running([1]), spec.running([1])];
    spec.acquire(job, 1);
    expect(end(spec, job, 'cancelled').jobStatus).toBe('cancelled');
    expect([spec.statuses(JOBSET), file(spec)]).toEqual([
      ['1-9 ready', '101-10 ready'],
      ['running', 0, 0],
    ]);
    end(spec, other, 'cancelled');
    expect([file(spec), spec.view.next('job')]).toEqual([['ready', 1, 0], other + 1]);
  });
});

describe('the outcome for the jobset (contract 5.3), in order', () => {
  const jobsetWith = (set: JobAttributes = {}, rules = 'ES=100,XA=2'): [RangeSpec, number] => {
    const spec = new RangeSpec([{ events: 300 }], rules);
    spec.cut([1]);
    return [spec, spec.running([1], set)];
  };

  it('114: a hopeless range without partial acceptance fails the job, and the others', () => {
    const [spec, job] = jobsetWith();
    const other = spec.running([1]);
    report(spec, job, ['finished', 'fatal']);
    expect(end(spec, job, 'finished')).toMatchObject({ jobStatus: 'failed', taskBufferErrorCode: 114 });
    expect(spec.job(other).attributes).toMatchObject({ jobStatus: 'closed', taskBufferErrorCode: 121 });
    expect(file(spec)).toEqual(['ready', 1, 1]);
  });

  it('112: nothing ready, no other consumer: a merge job', () => {
    const [spec, job] = jobsetWith();
    report(spec, job, ['finished', 'finished', 'finished']);
    expect(end(spec, job, 'finished')).toMatchObject({
      jobStatus: 'closed',
      taskBufferErrorCode: 112,
      jobSubStatus: 'es_merge',
    });
    expect(spec.job(job + 1).attributes).toMatchObject({
      ...{ eventService: 2, currentPriority: 5000, parentID: job, jobsetID: JOBSET, specialHandling: 'esmerge' },
      ...{ transformation: 'UnDefined', jobParameters: 'UnDefined', attemptNr: 1, maxAttempt: 4 },
    });
    expect(file(spec)).toEqual(['running', 0, 0]);
  });

  it('112: with partial acceptance in spite of hopeless ranges, with what the task says of merging', () => {
    const [spec, job] = jobsetWith({ specialHandling: 'eventservice,ap' });
    const text = JSON.stringify({
      outputs: [],
      es_merge: { transPath: 'merge.py', jobParameters: '--all $JEDITASKID' },
    });
    spec.record('TextStored', { name: 'template', text });
    const zipFile = { lfn: 'premerge.zip', objstoreID: 3 };
    const [first, second] = spec.acquire(job, 3);
    spec.report([{ zipFile, eventRanges: [{ eventRangeID: first?.eventRangeID, eventStatus: 'finished' }] }], 1);
    spec.report([{ eventRangeID: second?.eventRangeID, eventStatus: 'fatal' }]);
    end(spec, job, 'failed');
    const next = spec.job(job + 1).attributes;
    expect(next).toMatchObject({ eventService: 1 });
    spec.move(job + 1, 'running');
    report(spec, job + 1, ['finished']);
    expect(end(spec, job + 1, 'finished')).toMatchObject({ jobStatus: 'closed', taskBufferErrorCode: 112 });
    const merge = spec.job(job + 2);
    expect(merge.attributes).toMatchObject({
      transformation: 'merge.py',
      jobParameters: `--all ${spec.task.id}`,
      specialHandling: 'esmerge,ap',
    });
    expect(
      merge.files.filter(({ type }) => type === 'input').map(({ lfn, destinationSE }) => [lfn, destinationSE]),
    ).toEqual([['premerge.zip', '3']]);
  });

  it('115 or 117: other consumers are active', () => {
    const [spec, job] = jobsetWith();
    const [second, third] = [spec.running([1]), spec.running([1])];
    report(spec, job, ['finished']);
    expect(end(spec, job, 'finished')).toMatchObject({
      jobStatus: 'closed',
      taskBufferErrorCode: 115,
      jobSubStatus: 'es_wait',
    });
    expect(end(spec, second, 'finished')).toMatchObject({
      jobStatus: 'closed',
      taskBufferErrorCode: 117,
      jobSubStatus: 'es_inaction',
    });
    expect([spec.job(third).status, file(spec)]).toEqual(['running', ['running', 0, 0]]);
  });

  it('119: all ranges failed', () => {
    const [spec, job] = jobsetWith({ specialHandling: 'ap' });
    report(spec, job, ['fatal', 'fatal', 'fatal']);
    expect(end(spec, job, 'finished')).toMatchObject({ jobStatus: 'failed', taskBufferErrorCode: 119 });
    expect(file(spec)).toEqual(['ready', 1, 1]);
  });

  it('114: attempts of the job are exhausted, and it is another job that has the inputs', () => {
    const [spec, job] = jobsetWith({ attemptNr: 4 });
    const other = spec.running([1]);
    end(spec, other, 'failed');
    expect(end(spec, job, 'failed')).toMatchObject({ jobStatus: 'failed', taskBufferErrorCode: 114 });
    expect(file(spec)).toEqual(['ready', 1, 1]);
    expect(spec.view.dataset(1)).toMatchObject({ nFilesUsed: 0 });
  });

  it.each([
    [111, 'es_retry', ['finished', 'failed']],
    [123, 'es_noevent', ['failed']],
  ] as const)('%d: else a new consumer (%s)', (code, subStatus, statuses) => {
    const [spec, job] = jobsetWith({}, 'ES=100');
    report(spec, job, statuses);
    expect(end(spec, job, 'failed')).toMatchObject({
      jobStatus: 'closed',
      taskBufferErrorCode: code,
      jobSubStatus: subStatus,
    });
    expect(spec.job(job + 1).attributes).toMatchObject({
      ...{ jobStatus: 'activated', eventService: 1, attemptNr: 2, maxAttempt: 4, parentID: job, jobsetID: JOBSET },
    });
    expect([file(spec), spec.view.file(1)?.pandaId]).toEqual([['running', 0, 0], job + 1]);
  });

  it('fine-grained jobs need no merge', () => {
    const [spec, job] = jobsetWith({ eventService: 6 });
    report(spec, job, ['finished', 'finished', 'finished']);
    expect(end(spec, job, 'finished')).toMatchObject({ jobStatus: 'finished', jobSubStatus: 'fg_done' });
    expect(file(spec)).toEqual(['finished', 1, 0]);
  });

  it('113: a merge job is tried again, and fails the inputs at last', () => {
    const [spec, job] = jobsetWith();
    report(spec, job, ['finished', 'finished', 'finished']);
    end(spec, job, 'finished');
    for (const merge of [job + 1, job + 2, job + 3]) {
      expect(end(spec, merge, 'failed')).toMatchObject({ jobStatus: 'failed', taskBufferErrorCode: 113 });
    }
    expect(end(spec, job + 4, 'failed')).toMatchObject({ jobStatus: 'failed', taskBufferErrorCode: 0, attemptNr: 4 });
    expect(file(spec)).toEqual(['ready', 1, 1]);
  });
});

describe('clones (contract 5.4)', () => {
  const clones = (mode: 1 | 2): [RangeSpec, number, number, number] => {
    const spec = new RangeSpec([{ events: 10 }], 'ES=1,EC=3,NS=3', { eventService: 2 });
    spec.cut([1]);
    const set = { specialHandling: `eventservice,sc:${mode}` };
    const [one, two, three] = [spec.create([1], set), spec.create([1], set), spec.create([1], set)];
    spec.move(one, 'sent');
    spec.move(two, 'sent');
    return [spec, one, two, three];
  };
  const run = (spec: RangeSpec, job: number): boolean | undefined => {
    const taken = takeSemaphore(spec.view, spec.job(job));
    spec.apply(taken?.events ?? []);
    if (taken?.wins !== false) spec.move(job, 'running');
    return taken?.wins;
  };
  const LOST = { jobStatus: 'closed', taskBufferErrorCode: 200, jobSubStatus: 'jc_unlock' };

  it('runonce: the first that runs wins', () => {
    const [spec, one, two, three] = clones(1);
    expect(run(spec, two)).toBe(true);
    expect(spec.job(three).attributes).toMatchObject(LOST);
    expect(run(spec, one)).toBe(false);
    expect(spec.job(one).attributes).toMatchObject(LOST);
    expect(takeSemaphore(spec.view, spec.job(two))).toEqual({ wins: true, events: [] });
    expect(end(spec, two, 'finished').jobStatus).toBe('finished');
    expect(file(spec)).toEqual(['finished', 1, 0]);
  });

  it('runonce: the winner may fail', () => {
    const [spec, , two] = clones(1);
    run(spec, two);
    expect(end(spec, two, 'failed').jobStatus).toBe('failed');
    expect(file(spec)).toEqual(['ready', 1, 1]);
  });

  it('storeonce: the first that stores its output wins', () => {
    const [spec, one, two, three] = clones(2);
    expect([run(spec, one), run(spec, two)]).toEqual([undefined, undefined]);
    expect(end(spec, one, 'failed')).toMatchObject(LOST);
    expect(end(spec, two, 'finished').jobStatus).toBe('finished');
    expect(spec.job(three).attributes).toMatchObject({
      ...LOST,
      taskBufferErrorDiag: `closed since the clone PandaID=${two} got the semaphore`,
    });
    expect(file(spec)).toEqual(['finished', 1, 0]);
  });

  it('the last one counts, whatever it has come to', () => {
    const [spec, one, two, three] = clones(2);
    end(spec, three, 'failed');
    end(spec, two, 'failed');
    expect(end(spec, one, 'failed').jobStatus).toBe('failed');
    expect([file(spec), TASK]).toEqual([['ready', 1, 1], TASK]);
  });
});

describe('jumbo jobs (contract 5.4)', () => {
  const step = (spec: RangeSpec): boolean => {
    const made = jumboStage.step(spec.view, spec.task, 1);
    if (made === undefined || 'next' in made) return false;
    spec.apply(made.events);
    return true;
  };

  it('are made where consumers are, a few per site', () => {
    const spec = new RangeSpec([{ events: 100 }], 'ES=100,NJ=3,MJ=2', { useJumbo: 'W' });
    expect(step(spec)).toBe(false);
    spec.cut([1]);
    const consumer = spec.create([1]);
    while (step(spec));
    expect(spec.task.attributes.useJumbo).toBe('R');
    expect(spec.job(consumer + 1).attributes).toMatchObject({
      eventService: 4,
      jobsetID: TASK,
      computingSite: 'SITE_A',
    });
    expect([spec.job(consumer + 1).takes, spec.view.next('job')]).toEqual([[], consumer + 3]);
    expect(spec.view.file(1)?.pandaId).toBe(consumer);
  });

  it('are followed by another one when they leave ranges, unless they have done nothing', () => {
    const spec = new RangeSpec([{ events: 300 }], 'ES=100,NJ=1,MJ=1', { useJumbo: 'W' });
    spec.cut([1]);
    const consumer = spec.create([1], { eventService: 5 });
    while (step(spec));
    spec.move(consumer + 1, 'running');
    report(spec, consumer + 1, ['finished']);
    end(spec, consumer + 1, 'finished');
    expect(spec.task.attributes.useJumbo).toBe('W');
    while (step(spec));
    expect([spec.task.attributes.useJumbo, spec.job(consumer + 2).attributes.eventService]).toEqual(['R', 4]);
    spec.move(consumer + 2, 'running');
    end(spec, consumer + 2, 'finished');
    expect(spec.task.attributes.useJumbo).toBe('R');
  });

  it('let consumers wait for what they have', () => {
    const spec = new RangeSpec([{ events: 200 }], 'ES=100', { useJumbo: 'R' });
    spec.cut([1]);
    const [consumer, jumbo] = [
      spec.running([1], { eventService: 5 }),
      spec.running([], { eventService: 4, jobsetID: TASK }),
    ];
    report(spec, jumbo, ['finished', 'failed']);
    expect(end(spec, consumer, 'finished')).toMatchObject({ jobStatus: 'closed', taskBufferErrorCode: 115 });
    const waiting = spec.view.next('job') - 1;
    expect(spec.job(waiting).attributes).toMatchObject({ jobStatus: 'waiting', eventService: 5, attemptNr: 1 });
    expect(end(spec, jumbo, 'finished').jobStatus).toBe('finished');
    expect(spec.job(waiting).status).toBe('activated');
    spec.move(waiting, 'running');
    report(spec, waiting, ['finished']);
    expect(end(spec, waiting, 'finished')).toMatchObject({ jobStatus: 'closed', taskBufferErrorCode: 112 });
  });
});
