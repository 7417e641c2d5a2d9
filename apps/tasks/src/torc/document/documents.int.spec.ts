import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import type { Ranges } from '#contracts/work-events.js';
import { rangesOf } from '#contracts/ranges.js';
import { codeOf } from '../collection-code.js';
import { BLOCK_TABLE, BlockCounts } from './block-counts.js';
import { CustomKeys, KEY_INDEX, KEY_TABLE } from './custom-keys.js';
import { DOCUMENT_INDEXES, DOCUMENT_TABLE, DocumentRows, recentDocuments } from './document-rows.js';
import { DocumentWriter } from './document-writer.js';

const WORKLOAD = 3;
const FILES = codeOf('files');

const run = (work: Generator<void, unknown, void>): void => {
  while (work.next().done !== true);
};

describe('documents in tables', () => {
  let database: DatabaseSync;
  let writer: DocumentWriter;
  let rows: DocumentRows;
  let counts: BlockCounts;

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    database.exec(DOCUMENT_TABLE + BLOCK_TABLE + KEY_TABLE + DOCUMENT_INDEXES + KEY_INDEX);
    const keys = new CustomKeys(database);
    counts = new BlockCounts(database);
    writer = new DocumentWriter(database, counts, keys);
    rows = new DocumentRows(database, keys);
  });
  afterEach(() => database.close());

  /** The keys of a page, found as lists find it. */
  const page = (skip: number, limit: number): string[] => {
    const start = counts.startOf(WORKLOAD, FILES, skip);
    return rows.after(WORKLOAD, 'files', start.after, limit, start.skip).map(({ key }) => key);
  };

  // Some ordinals on both sides of the borders of blocks, and what lies between them.
  const ordinal = fc.oneof(
    fc.integer({ min: 1, max: 20_000 }),
    fc.integer({ min: 4090, max: 4100 }),
    fc.constantFrom(1, 8191, 8192, 12_287, 12_288),
  );
  const change = fc.record({
    what: fc.constantFrom('store', 'delete', 'delete a range'),
    ordinals: fc.uniqueArray(ordinal, { minLength: 1, maxLength: 30 }),
    skip: fc.nat({ max: 60 }),
    limit: fc.integer({ min: 1, max: 20 }),
  });

  it('are no part of the keys that searches compare, however large they are', () => {
    const table = database.prepare(`SELECT wr AS has_no_row_numbers FROM pragma_table_list('torc_document')`).get();
    expect(table).toEqual({ has_no_row_numbers: 0 });
  });

  it('that deciders have read show each change, and its end in a rollback', () => {
    const decider = new DocumentRows(database, new CustomKeys(database), recentDocuments(database));
    const shown = () => decider.at(WORKLOAD, 'files', 7)?.document;
    const change = { collection: 'files', ordinal: 7 } as const;
    expect(shown()).toBeUndefined();
    writer.store(WORKLOAD, 'files', 7, '{"path":"a"}');
    expect(shown()).toBe('{"path":"a"}');
    database.exec('BEGIN');
    writer.replace(WORKLOAD, { ...change, document: '{"path":"b"}' });
    expect(shown()).toBe('{"path":"b"}');
    database.exec('ROLLBACK');
    writer.forget();
    expect(shown()).toBe('{"path":"a"}');
    writer.continue(WORKLOAD, { ...change, text: ' ' });
    expect(shown()).toBe('{"path":"a"} ');
    run(writer.delete(WORKLOAD, FILES, [[1, 9]]));
    expect(shown()).toBeUndefined();
  });

  it('are counted in blocks, so that a page anywhere is found', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        database.exec('DELETE FROM torc_document; DELETE FROM torc_block');
        const model = new Set<number>();
        for (const { what, ordinals, skip, limit } of changes) {
          if (what === 'store') {
            const fresh = ordinals.filter((each) => !model.has(each)).sort((a, b) => a - b);
            const documents = fresh.map(() => '{"path":"p"}');
            run(writer.storeAll(WORKLOAD, { collection: 'files', ordinals: rangesOf(fresh), documents }));
            for (const each of fresh) model.add(each);
          } else {
            const ranges: Ranges =
              what === 'delete' ? rangesOf(ordinals) : [[Math.min(...ordinals), Math.max(...ordinals)]];
            run(writer.delete(WORKLOAD, FILES, ranges));
            for (const each of model)
              if (ranges.some(([first, last]) => first <= each && each <= last)) model.delete(each);
          }
          const expected = [...model].sort((a, b) => a - b);
          expect(counts.total(WORKLOAD, FILES)).toBe(model.size);
          expect(page(skip, limit)).toEqual(expected.slice(skip, skip + limit).map(String));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('are found by the key that a caller chose, or by their ordinal', () => {
    writer.store(WORKLOAD, 'files', 1, '{"path":"a"}', '2');
    writer.store(WORKLOAD, 'files', 3, '{"path":"b"}');
    writer.store(WORKLOAD, 'files', 4, '{"path":"c"}', 'odd');
    const ordinalOf = (key: string): number | undefined => rows.byKey(WORKLOAD, 'files', key)?.ordinal;
    expect(['2', '3', 'odd', '1', '4', '03', 'other'].map(ordinalOf)).toEqual([1, 3, 4, ...Array<undefined>(4)]);
    run(writer.delete(WORKLOAD, FILES, [[1, 1]]));
    expect(ordinalOf('2')).toBeUndefined();
  });

  it('are found by the field that an index serves, only as long as they have the value', () => {
    writer.store(WORKLOAD, 'files', 1, '{"path":"a","name":"n"}');
    writer.store(WORKLOAD, 'files', 2, '{"path":"b","name":"n"}');
    writer.replace(WORKLOAD, { collection: 'files', ordinal: 1, document: '{"path":"a","name":"m"}' });
    const named = (name: string): number[] => rows.ordinalsHaving(WORKLOAD, 'files', name, -1, 10);
    expect([named('n'), named('m')]).toEqual([[2], [1]]);
    expect(rows.at(WORKLOAD, 'files', 1)?.writes).toBe(2);
  });

  it.each([
    [1_700_000_000_000, 1_700_000_000_000],
    [1_700_000_000_000.5, 0],
    [1e300, 0],
  ])('that are events of the time %d have the time %d, although clients may replace them', (timestamp, expected) => {
    writer.store(WORKLOAD, 'events', 1, '{"timestamp":', undefined, true);
    expect(writer.continue(WORKLOAD, { collection: 'events', ordinal: 1, text: `${timestamp}}` })).toBe(expected);
  });
});
