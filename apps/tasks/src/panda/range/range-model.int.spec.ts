import fc from 'fast-check';
import { settleRanges } from './settle-ranges.js';
import { JOBSET, RangeSpec, STREAM } from './testing/range-spec.js';

const RUNS = 60;

/** What a range is to the simplest model of it. */
interface ModelRange {
  status: 'ready' | 'sent' | 'finished' | 'failed' | 'done' | 'fatal';
  attempts: number;
  job: number | undefined;
}

type Step =
  | { readonly do: 'acquire'; readonly job: number; readonly count: number; readonly scattered: boolean }
  | {
      readonly do: 'report';
      readonly job: number;
      readonly status: 'finished' | 'failed' | 'fatal';
      readonly every: number;
    }
  | { readonly do: 'end'; readonly job: number };

const JOBS = 3;
const ATTEMPTS = 2;

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      ...{ do: fc.constant('acquire' as const), job: fc.nat(JOBS - 1), count: fc.integer({ min: 1, max: 7 }) },
      scattered: fc.boolean(),
    }),
    fc.record({
      ...{ do: fc.constant('report' as const), job: fc.nat(JOBS - 1), every: fc.integer({ min: 1, max: 3 }) },
      status: fc.constantFrom('finished' as const, 'failed' as const, 'fatal' as const),
    }),
    fc.record({ do: fc.constant('end' as const), job: fc.nat(JOBS - 1) }),
  ),
  { maxLength: 15 },
);

const tally = (values: Iterable<string>): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

describe('event ranges against a model', () => {
  it('are cut so that each event of each record is in one range', () => {
    const records = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 15 }), (events, size) => {
        const spec = new RangeSpec(
          events.map((count) => ({ events: count })),
          `ES=${size}`,
        );
        spec.cut(events.map((_, at) => at + 1));
        const found = spec.view.ranges.unacquired(spec.jobset, undefined, 1_000);
        expect(
          found.flatMap(({ firstEvent, lastEvent }) =>
            Array.from({ length: lastEvent - firstEvent + 1 }, (_, k) => firstEvent + k),
          ),
        ).toEqual(Array.from({ length: events.reduce((sum, count) => sum + count, 0) }, (_, k) => k + 1));
        expect(found.every(({ firstEvent, lastEvent }) => lastEvent - firstEvent < size)).toBe(true);
      }),
      { numRuns: RUNS },
    );
  });

  it('are given to one job at a time, and counted as they are', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 20 }), (sequence, ranges) => {
        const spec = new RangeSpec([{ events: ranges }], `ES=1,XA=${ATTEMPTS}`);
        spec.cut([1]);
        const set = { specialHandling: 'ap', maxAttempt: 1_000 };
        const jobs = Array.from({ length: JOBS }, () => spec.running([1], set));
        const model = Array.from({ length: ranges }, (): ModelRange => ({
          status: 'ready',
          attempts: ATTEMPTS,
          job: undefined,
        }));
        for (const step of sequence) {
          const job = jobs[step.job] ?? 0;
          if (spec.job(job).status !== 'running') continue;
          run(spec, model, job, step);
          const rows = spec.store.database
            .prepare('SELECT status, count(*) AS n FROM panda_range GROUP BY status')
            .all();
          expect(rows.reduce((sum, { n }) => sum + Number(n), 0)).toBe(ranges);
          expect(spec.view.ranges.countsOf(JOBSET)).toEqual(tally(model.map(({ status }) => status)));
          for (const each of jobs) {
            expect(spec.view.ranges.countsOf(each)).toEqual(
              tally(model.filter((range) => range.job === each).map(({ status }) => status)),
            );
          }
        }
      }),
      { numRuns: RUNS },
    );
  });
});

const run = (spec: RangeSpec, model: ModelRange[], job: number, step: Step): void => {
  const own = model.filter((range) => range.job === job);
  switch (step.do) {
    case 'acquire': {
      const acquired = spec.acquire(job, step.count, { scattered: step.scattered });
      expect(acquired).toHaveLength(Math.min(step.count, model.filter(({ status }) => status === 'ready').length));
      for (const { startEvent } of acquired) {
        const range = model[startEvent - 1];
        expect(range?.status).toBe('ready');
        if (range !== undefined) Object.assign(range, { status: 'sent', job });
      }
      return;
    }
    case 'report': {
      const reported = model.flatMap((range, at) =>
        range.job === job && range.status === 'sent' && at % step.every === 0 ? [{ range, at }] : [],
      );
      const { taskId } = spec.job(job);
      const { returns } = spec.report(
        reported.map(({ range, at }) => ({
          eventRangeID: `${taskId}-${job}-1-${at + 1}-${range.attempts}`,
          eventStatus: step.status,
        })),
      );
      expect(returns.every((stored) => stored === true)).toBe(true);
      for (const { range } of reported) {
        range.status = step.status === 'finished' ? 'finished' : 'failed';
        if (step.status === 'fatal') range.attempts = 1;
      }
      return;
    }
    case 'end': {
      const ending = { status: 'cancelled', end: { set: {}, inputs: 'released' } } as const;
      const { status, end, events } = settleRanges(spec.view, spec.job(job), ending, 1);
      const { ordinal } = spec.job(job);
      spec.apply([
        { stream: STREAM, type: 'UnitsMoved', data: { units: [[ordinal, ordinal]], status, end } },
        ...events,
      ]);
      for (const range of own) {
        if (range.status === 'finished') range.status = 'done';
        else if (range.status !== 'sent' && range.status !== 'failed') continue;
        else if (range.attempts <= 1) Object.assign(range, { status: 'fatal', attempts: 0 });
        else Object.assign(range, { status: 'ready', attempts: range.attempts - 1, job: undefined });
      }
    }
  }
};
