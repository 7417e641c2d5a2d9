import fc from 'fast-check';
import { raiseLimits, raiseRequirements } from './requirement-raise.js';

const LIMITS = raiseLimits([]);

type Numbers = Readonly<Record<string, number>>;

/** Thresholds of the rules in contract 7.6, and values near them. */
const EDGES = [0, 0.49, 0.5, 1, 1.1, 1.1000001, 2.2, 4.4, 4.4000001, 20, 20.0001];

const usage = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.double({ min: 0, max: 60, noNaN: true }).map((value) => value + 0),
);
const unreadable = fc.constantFrom<unknown>('', 'much', '0x10', null, true, [], { a: 1 });
const written = fc.constantFrom('3', ' 3.5 ', '1e1', '+2', '.75', '7.');

const names = fc.constantFrom('cpu', 'gpu', 'memory', 'disk', 'time');
const asked = fc.dictionary(names, usage);
const measured = fc.dictionary(
  fc.oneof(names, fc.constantFrom('os', 'site')),
  fc.oneof({ weight: 6, arbitrary: usage }, { weight: 1, arbitrary: written }, { weight: 1, arbitrary: unreadable }),
);

const read = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  const isNumber = typeof value === 'string' && ['3', '3.5', '1e1', '+2', '.75', '7.'].includes(value.trim());
  return isNumber ? Number(value) : undefined;
};

/** Contract 7.6 in its own order, step by step. */
const expected = (before: Numbers, used: Readonly<Record<string, unknown>>): Numbers => {
  const after: Record<string, number> = { ...before };
  for (const name of ['cpu', 'memory', 'disk', 'time']) {
    const value = read(used[name]);
    if (value === undefined) continue;
    let request: number;
    if (name === 'cpu') {
      const current = before['cpu'] ?? 1;
      if (value <= 1.1 || value > 20) continue;
      if (value < 1.1 * current) continue;
      request = Math.ceil(current + 1);
    } else {
      if (value < 0.5) continue;
      request = 1.5 * value;
    }
    after[name] = Math.max(before[name] ?? request, request);
  }
  return after;
};

describe('requirements that rise', () => {
  it.each([
    // The contract's example.
    [
      '{"memory": 5.6, "gpu": 1}',
      '{"time": 2.5, "memory": 3.5, "disk": 20.3, "gpu": 23}',
      { memory: 5.6, gpu: 1, time: 3.75, disk: 1.5 * 20.3 },
    ],
    ['{}', '{"cpu":1.1}', undefined],
    ['{}', '{"cpu":1.2}', { cpu: 2 }],
    ['{"cpu":4}', '{"cpu":4.3}', undefined],
    ['{"cpu":4}', '{"cpu":4.5}', { cpu: 5 }],
    ['{"cpu":1.5}', '{"cpu":2}', { cpu: 3 }],
    ['{"cpu":4}', '{"cpu":20}', { cpu: 5 }],
    ['{"cpu":4}', '{"cpu":20.1}', undefined],
    ['{}', '{"memory":0.4,"disk":0.5}', { disk: 0.75 }],
    ['{"memory":2}', '{"memory":"3.0"}', { memory: 4.5 }],
    ['{"memory":2}', '{"memory":"much","disk":null,"time":{"a":1}}', undefined],
    ['{}', '{"cpu":"0x10","memory":"0b11","disk":"1e","time":""}', undefined],
    ['{"memory":9}', '{"memory":6}', undefined],
  ])('of a task that asked %s and used %s', (asked, used, raised) => {
    const { requirements: after } = raiseRequirements(asked, used, LIMITS);
    expect(after === undefined ? undefined : JSON.parse(after)).toEqual(raised);
  });

  it('keep the texts of numbers that stay', () => {
    expect(raiseRequirements('{"memory":4.0,"x":12345678901234567890}', '{"disk":2}', LIMITS)).toEqual({
      requirements: '{"memory":4.0,"x":12345678901234567890,"disk":3}',
      limited: [],
    });
  });

  it('are those of the contract, whatever was asked and used', () => {
    fc.assert(
      fc.property(asked, measured, (before, used) => {
        const { requirements: raised } = raiseRequirements(JSON.stringify(before), JSON.stringify(used), LIMITS);
        const after = raised === undefined ? before : (JSON.parse(raised) as Numbers);
        expect({ ...after }).toEqual(expected(before, used));
        expect(raised === undefined).toBe(Object.entries(after).every(([name, value]) => before[name] === value));
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['{"memory":4}', '{"memory":1e12}', { memory: 1000 }, ['memory']],
    ['{"memory":4}', '{"memory":1.7e308,"disk":1.7e308}', { memory: 1000, disk: 10_000 }, ['memory', 'disk']],
    ['{"memory":2000}', '{"memory":3000}', undefined, ['memory']],
    ['{"time":10}', '{"time":600}', { time: 720 }, ['time']],
    ['{"time":10}', '{"time":480}', { time: 720 }, []],
  ])('of a task that asked %s and used %s end at the limits', (asked, used, raised, limited) => {
    const raise = raiseRequirements(asked, used, LIMITS);
    expect(raise.requirements === undefined ? undefined : JSON.parse(raise.requirements)).toEqual(raised);
    expect(raise.limited).toEqual(limited);
  });

  it('end at the configured limits', () => {
    const limits = raiseLimits(['memory=8.5', 'cpu=3']);
    expect(limits).toEqual({ cpu: 3, memory: 8.5, disk: 10_000, time: 720 });
    const used = '{"memory":6,"cpu":5,"disk":10}';
    expect(raiseRequirements('{"cpu":3}', used, limits)).toEqual({
      requirements: '{"cpu":3,"memory":8.5,"disk":15}',
      limited: ['cpu', 'memory'],
    });
  });
});
