import fc from 'fast-check';
import { parseInSlices } from './json-in-slices.js';

const parsed = (text: string, atOnce?: number): unknown => {
  const work = parseInSlices(text, atOnce);
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
};

const outcomeOf = (parse: () => unknown): unknown => {
  try {
    return { value: parse() };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return 'invalid';
  }
};

it('gives what JSON.parse gives', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 6 }),
      fc.integer({ min: 1, max: 40 }),
      fc.boolean(),
      (value, atOnce, spaced) => {
        const text = JSON.stringify(value, null, spaced ? 1 : 0);
        expect(parsed(text, atOnce)).toEqual(JSON.parse(text));
      },
    ),
    { numRuns: 2_000 },
  );
});

it('refuses what JSON.parse refuses', () => {
  const broken = fc.tuple(
    fc.jsonValue({ maxDepth: 4 }),
    fc.nat(60),
    fc.constantFrom('', ',', '}', ']', '"', ':', '1', 'x', ' '),
  );
  fc.assert(
    fc.property(broken, fc.integer({ min: 1, max: 20 }), ([value, at, inserted], atOnce) => {
      const whole = JSON.stringify(value);
      const text = whole.slice(0, at % (whole.length + 1)) + inserted + whole.slice((at % (whole.length + 1)) + 1);
      expect(outcomeOf(() => parsed(text, atOnce))).toEqual(outcomeOf(() => JSON.parse(text) as unknown));
    }),
    { numRuns: 5_000 },
  );
});

it('refuses lists in lists without an end, and not with a stack overflow', () => {
  expect(() => parsed('['.repeat(1_000_000))).toThrow(SyntaxError);
});

it('pauses often', () => {
  const text = JSON.stringify({ files: Array.from({ length: 50_000 }, (_, at) => ({ lfn: `file.${String(at)}` })) });
  const work = parseInSlices(text);
  let pauses = 0;
  while (work.next().done !== true) pauses += 1;
  expect(pauses).toBeGreaterThan(30);
});
