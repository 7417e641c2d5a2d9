import fc from 'fast-check';
import { afterRuns, deviationOf, NO_RUNS, type Run, type RunTimeSums } from './run-times.js';

/** Between four seconds and a month. */
const hours = fc.oneof(fc.constantFrom(0, 0.1, 0.2, 1 / 3, 2.5), fc.double({ min: 1e-3, max: 1e3, noNaN: true }));
const run: fc.Arbitrary<Run> = fc.record({ hours, errHours: hours, gpus: fc.nat(8) });

const sumOf = (runs: readonly Run[], from: RunTimeSums = NO_RUNS): RunTimeSums =>
  runs.reduce((sums, each) => afterRuns(sums, each, 1), from);

const totalsOf = (sums: RunTimeSums) => [sums.count, sums.gpus[0], sums.hours[0], sums.errHours[0]];

const expectSame = (one: RunTimeSums, other: RunTimeSums): void => {
  expect(totalsOf(one)).toEqual(totalsOf(other));
  const [deviation, otherDeviation] = [deviationOf(one), deviationOf(other)];
  expect(deviation === null).toBe(otherDeviation === null);
  expect(deviation ?? 0).toBeCloseTo(otherDeviation ?? 0, 10);
  if (!one.isVague) expect([one.shortest, one.longest]).toEqual([other.shortest, other.longest]);
};

describe('sums of run times', () => {
  it('are exactly the same in any order of the runs', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 40 }), (runs) => {
        expectSame(sumOf(runs), sumOf(runs.toReversed()));
      }),
    );
  });

  it('are exactly the same after runs are added and removed again', () => {
    fc.assert(
      fc.property(fc.array(run, { minLength: 1, maxLength: 20 }), fc.array(run, { maxLength: 20 }), (stay, leave) => {
        const left = leave.reduce((sums, each) => afterRuns(sums, each, -1), sumOf(leave, sumOf(stay)));
        expectSame(left, sumOf(stay));
      }),
    );
  });

  it('accept many equal runs at once', () => {
    const one = { hours: 0.1, errHours: 0.7, gpus: 2 };
    const many = Array.from({ length: 1000 }, () => one);
    expectSame(afterRuns(NO_RUNS, one, 1000), sumOf(many));
    expect(afterRuns(sumOf(many), one, -1000)).toEqual(NO_RUNS);
  });

  it('give the sample standard deviation', () => {
    const of = (...values: readonly number[]) =>
      deviationOf(sumOf(values.map((value) => ({ hours: value, errHours: 0, gpus: 0 }))));
    expect(of()).toBeNull();
    expect(of(5)).toBeNull();
    expect(of(2, 3)).toBe(0.7071067811865476);
    expect(of(1 / 3, 1 / 3, 1 / 3)).toBe(0);
    // A plain sum of squares would lose these digits.
    expect(of(1e9, 1e9 + 1, 1e9 + 2)).toBeCloseTo(1, 12);
  });

  it('are vague after an extreme is removed or a sum overflows, until no run is left', () => {
    const [short, long] = [
      { hours: 1, errHours: 0, gpus: 0 },
      { hours: 2, errHours: 0, gpus: 0 },
    ];
    expect(sumOf([short, long]).isVague).toBe(false);
    expect(afterRuns(sumOf([short, long, long]), long, -1).isVague).toBe(true);
    const huge = { hours: 1e308, errHours: 0, gpus: 0 };
    const burst = sumOf([huge, huge]);
    expect(burst.isVague).toBe(true);
    expect(afterRuns(afterRuns(burst, huge, -1), short, 1).isVague).toBe(true);
    expect(afterRuns(burst, huge, -2)).toEqual(NO_RUNS);
  });
});
