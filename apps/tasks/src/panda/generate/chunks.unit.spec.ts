import fc from 'fast-check';
import { taskFile } from '../testing/task-file.js';
import { chunksOf, type ChunkRules } from './chunks.js';

const RULES: ChunkRules = { filesPerJob: undefined, filesMax: 200, bytesMax: 20e9, eventsPerJob: undefined };

const files = (count: number, fields: Parameters<typeof taskFile>[0] = {}) =>
  Array.from({ length: count }, (_, at) => taskFile({ id: at + 1, ...fields }));
const split = (count: number, events: number) =>
  files(count).map((file, at) => ({ ...file, startEvent: at * events, endEvent: (at + 1) * events - 1 }));
const sizes = (chunks: readonly (readonly unknown[])[]): readonly number[] => chunks.map(({ length }) => length);

describe('chunks of the master input', () => {
  it('are four jobs of 3, 3, 3 and 1 files, for ten files and nFilesPerJob 3', () => {
    expect(sizes(chunksOf(files(10), { ...RULES, filesPerJob: 3 }, true))).toEqual([3, 3, 3, 1]);
  });

  it.each([
    ['nMaxFilesPerJob', { filesMax: 4 }, {}, [4, 4, 2]],
    ['nGBPerJob', { bytesMax: 5e9 }, { fsize: 2e9 }, [2, 2, 2, 2, 2]],
    ['no size, when nFilesPerJob is given', { bytesMax: 1, filesPerJob: 5 }, { fsize: 2e9 }, [5, 5]],
    ['one at least, however large it is', { bytesMax: 1 }, { fsize: 2 }, Array<number>(10).fill(1)],
  ])('keep within %s', (_, rules, fields, expected) => {
    expect(sizes(chunksOf(files(10, fields), { ...RULES, ...rules }, true))).toEqual(expected);
  });

  it.each([
    [100, undefined, [4]],
    [100, 100, [1, 1, 1, 1]],
    [100, 250, [2, 2]],
    [100, 50, [1, 1, 1, 1]],
  ])('group records of %d events up to nEventsPerJob %s', (events, eventsPerJob, expected) => {
    expect(sizes(chunksOf(split(4, events), { ...RULES, eventsPerJob }, true))).toEqual(expected);
  });

  it('leave out the last one while further records may belong to it', () => {
    expect(sizes(chunksOf(files(10), { ...RULES, filesPerJob: 4 }, false))).toEqual([4, 4]);
    expect(sizes(chunksOf(files(8), { ...RULES, filesPerJob: 4 }, false))).toEqual([4, 4]);
  });

  it('have each record once, in order', () => {
    const record = fc.record({ fsize: fc.nat(100), isSplit: fc.boolean() });
    const rules = fc.record({
      filesPerJob: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
      filesMax: fc.integer({ min: 1, max: 6 }),
      bytesMax: fc.integer({ min: 1, max: 200 }),
      eventsPerJob: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 40 }), rules, (records, some) => {
        const all = records.map(({ fsize, isSplit }, at) =>
          taskFile({ id: at, fsize, ...(isSplit && { startEvent: 0, endEvent: 9 }) }),
        );
        const chunks = chunksOf(all, some, true);
        expect(chunks.flat()).toEqual(all);
        expect(chunks.every(({ length }) => length > 0 && length <= (some.filesPerJob ?? some.filesMax))).toBe(true);
      }),
    );
  });
});
