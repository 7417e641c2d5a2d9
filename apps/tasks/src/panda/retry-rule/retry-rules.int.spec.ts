import type { JobFailed } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { RetryRule } from '#contracts/panda/retry-rules.js';
import { endJob } from '../adder/end-job.js';
import { explainJob } from '../explain/explanations.js';
import { TaskRun, withFiles } from '../testing/task-run.js';
import { actingRules } from './acting-rule.js';

const rule = (fields: Partial<RetryRule> = {}): RetryRule => ({
  ...{ name: 'one', source: 'pilotErrorCode', code: '1212', action: 'increase_memory' },
  ...{ diagnostic: null, architecture: null, release: null, work_queue: null, value: null, active: true },
  ...fields,
});

const TOO_MUCH_MEMORY: JobAttributes = { pilotErrorCode: 1212, pilotErrorDiag: 'payload exceeded 2000 MB' };

const secondary = (files: number, fields: object): object => ({
  ...{ type: 'template', param_type: 'input', value: '-s ${IN2}', dataset: 'user.demo.more' },
  files: Array.from({ length: files }, (_, at) => ({ lfn: `more.${at + 1}`, fsize: 9 * 1024 ** 2 })),
  ...fields,
});

/** A task whose first jobs fail by this error, which rules are about. */
class Failures extends TaskRun {
  constructor(
    rules: readonly RetryRule[],
    fields: Readonly<Record<string, unknown>> = {},
    ...inputs: readonly object[]
  ) {
    const document = withFiles(4, { nMaxFilesPerJob: 4, ...fields });
    super({ ...document, jobParameters: [...(document['jobParameters'] as readonly object[]), ...inputs] });
    const data = { retry_rules: rules };
    this.apply({ stream: 'directory-panda.main.configuration', type: 'RetryRulesConfigured', data });
  }

  /** @returns why the last of the jobs failed */
  failWith(set: JobAttributes = TOO_MUCH_MEMORY): string | undefined {
    let reason: string | undefined;
    for (const job of this.jobs('activated')) {
      const events = endJob(this.view, job, { status: 'failed', end: { set, inputs: 'failed' } }, this.timeMicros);
      this.apply(...events);
      reason = events.map(({ data }) => (data as Partial<JobFailed>).reason).find((text) => text !== undefined);
    }
    this.settle();
    return reason;
  }

  get ram(): readonly (number | null)[] {
    return this.jobs('activated').map(({ attributes }) => attributes.minRamCount);
  }
}

describe('retry rules', () => {
  it('give further attempts more memory, and tell it', () => {
    const run = new Failures([rule()]);
    expect(run.ram).toEqual([1800]);
    expect(run.failWith()).toBe(
      'pilot error 1212: payload exceeded 2000 MB; memory raised to 3000 MB per core by the rule one',
    );
    const [failed] = run.jobs('failed');
    expect(failed && explainJob(run.view, failed)).toMatchObject({
      retry_rule: 'memory raised to 3000 MB per core by the rule one',
    });
    expect([run.ram, run.jobs('activated')[0]?.attributes.resource_type]).toEqual([[2700], 'SCORE_HIMEM']);
    run.failWith();
    expect(run.ram).toEqual([4500]);
  });

  it.each([
    [{ retryRamOffset: 2500, retryRamStep: 700 }, [2250, 2880]],
    [{ retryRamOffset: 2500 }, [2250, 2250]],
    [{ retryRamMax: 2600 }, [2340, 2340]],
  ])('raise it by what the task says: %j', (fields, expected) => {
    const run = new Failures([rule()], fields);
    const asked = [1, 2].map(() => {
      run.failWith();
      return run.ram[0];
    });
    expect(asked).toEqual(expected);
  });

  it('multiply memory', () => {
    const run = new Failures([rule({ action: 'increase_memory_xtimes', value: 3 })]);
    run.failWith();
    expect(run.ram).toEqual([5400]);
  });

  it('raise the time of jobs once, however many of them fail', () => {
    const times = { walltime: 100, walltimeUnit: 'secondsFixed', nFilesPerJob: 1, cpuTime: 10 };
    const run = new Failures([rule({ action: 'increase_cputime' })], times);
    expect(run.jobs('activated').map(({ attributes }) => attributes.maxCpuCount)).toEqual([100, 100, 100, 100]);
    run.failWith();
    expect(run.jobs('activated').map(({ attributes }) => attributes.maxCpuCount)).toEqual([200, 200, 200, 200]);
    expect(run.task.attributes.cpuTime).toBe(20);
  });

  it('raise it by their factor also where jobs share a large input', () => {
    const shared = secondary(1, { reusable: true, nFilesPerJob: 1 });
    const run = new Failures([rule({ action: 'increase_cputime' })], { walltime: 100, nFilesPerJob: 1 }, shared);
    expect(run.jobs('activated').map(({ attributes }) => attributes.maxCpuCount)).toEqual([1000, 1000, 1000, 1000]);
    run.failWith();
    expect(run.jobs('activated').map(({ attributes }) => attributes.maxCpuCount)).toEqual([2000, 2000, 2000, 2000]);
  });

  it('raise it no further than to a year', () => {
    const times = { walltime: 1e7, walltimeUnit: 'secondsFixed' };
    const run = new Failures([rule({ action: 'increase_cputime', value: 100 })], times);
    const asked = [1, 2].map(() => {
      run.failWith();
      return run.task.attributes.walltime;
    });
    expect(asked).toEqual([31_622_400, 31_622_400]);
  });

  it('leave files alone that another job has by now', () => {
    const run = new Failures([rule({ action: 'no_retry' })]);
    const [late] = run.jobs('activated');
    const files = run.files('input').map(({ id }) => [id, id]);
    run.apply({ stream: run.task.stream, type: 'FilesReopened', data: { files } });
    run.settle();
    if (late === undefined) throw new Error('There is no job');
    const ending = { status: 'failed', end: { set: TOO_MUCH_MEMORY, inputs: 'failed' } } as const;
    const events = endJob(run.view, late, ending, run.timeMicros);
    expect([run.jobs().length, events.map(({ type }) => type)]).toEqual([2, ['UnitFailed']]);
  });

  it('count the files of the master input only', () => {
    const run = new Failures([rule({ action: 'reduce_input_per_job' })], {}, secondary(12, { ratio: 3 }));
    run.failWith();
    expect(run.jobs('activated').map(({ takes }) => takes.length)).toEqual([8, 8]);
  });

  it('give jobs less input, where the task leaves that to the server', () => {
    const run = new Failures([rule({ action: 'reduce_input_per_job' })]);
    run.failWith();
    expect(run.jobs('activated').length).toBe(2);
    const fixed = new Failures([rule({ action: 'reduce_input_per_job' })], { nFilesPerJob: 4 });
    fixed.failWith();
    expect(fixed.jobs('activated').length).toBe(1);
  });

  it.each([
    [rule({ action: 'no_retry' }), 1],
    [rule({ action: 'limit_retry', value: 2 }), 2],
    [rule({ action: 'limit_retry', value: 9 }), 3],
    [rule({ code: '1213', action: 'no_retry' }), 3],
    [rule({ active: false, action: 'no_retry' }), 3],
  ])('end attempts: %j', (limit, attempts) => {
    const run = new Failures([limit]);
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      expect(run.jobs('activated').length).toBe(1);
      run.failWith();
    }
    expect([run.status, run.jobs().length]).toEqual(['failed', attempts]);
  });

  it('that are not active are told only', () => {
    const run = new Failures([rule({ active: false })]);
    expect(run.failWith()).toBe(
      'pilot error 1212: payload exceeded 2000 MB; memory raised to 3000 MB per core by the rule one, if it was active',
    );
    expect(run.ram).toEqual([1800]);
  });

  it.each([
    ['the most specific', rule({ name: 'two', diagnostic: 'exceeded \\d+' }), 'two'],
    ['no other diagnostic', rule({ name: 'two', diagnostic: '^exceeded' }), 'one'],
    ['the strictest', rule({ name: 'two', action: 'no_retry' }), 'two'],
    ['an error of another source', rule({ name: 'two', source: 'ddmErrorCode', code: '200', release: 'r1' }), 'two'],
    ['no other release', rule({ name: 'two', release: 'r2' }), 'one'],
    ['an exit code', rule({ name: 'two', source: 'transExitCode', code: '65', architecture: 'x86' }), 'two'],
    ['the work queue', rule({ name: 'two', work_queue: 7 }), 'two'],
    ['an active one', rule({ name: 'two', work_queue: 7, active: false }), 'one'],
  ])('follow %s', (_, other, acting) => {
    const job = { ...TOO_MUCH_MEMORY, ddmErrorCode: 200, transExitCode: '65' };
    const kind = { AtlasRelease: 'r1', cmtConfig: 'x86', workQueue_ID: 7 };
    expect(actingRules([rule(), other], { ...job, ...kind }).acting?.name).toBe(acting);
  });

  it('prefer the lower limit', () => {
    const limits = [3, 1, 2].map((value) => rule({ name: String(value), action: 'limit_retry', value }));
    expect(actingRules(limits, TOO_MUCH_MEMORY).acting?.name).toBe('1');
  });
});
