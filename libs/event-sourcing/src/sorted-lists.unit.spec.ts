import { DomainError } from '#platform/domain-error.js';
import type { Chunk, Chunks } from './paged-answers.js';
import { SortedLists } from './sorted-lists.js';

const BY_NUMBER = [{ field: 'number', descending: false }];

describe('sorted lists', () => {
  let lists: SortedLists;
  let sorted: number;

  beforeEach(() => {
    sorted = 0;
    lists = new SortedLists(400, 400);
  });

  const list = (entries: number, until = Promise.resolve()): Chunks =>
    lists.chunks(
      { sort: BY_NUMBER },
      async (offer) => {
        sorted += 1;
        for (let at = 0; at < entries; at += 1) offer({ key: at, id: String(at), values: [-at] });
        await until;
      },
      String,
    );

  const next = async (chunks: Chunks): Promise<Chunk> => {
    const { done, value } = await chunks.next();
    if (done === true) throw new Error('The list has ended');
    return value;
  };

  const readOn = async (chunks: Chunks): Promise<readonly string[]> => {
    const read: string[] = [];
    for await (const { entries } of chunks) read.push(...entries);
    return read;
  };

  const refusalOf = async (chunks: Chunks): Promise<unknown> => {
    try {
      return await chunks.next();
    } catch (error) {
      return error instanceof DomainError ? [error.kind, error.message] : error;
    }
  };

  const REFUSED = ['unavailable', 'server overloaded'];

  it('are sorted once and read to the end, however many are read at a time', async () => {
    const reading = [list(120), list(110), list(101)];
    const first = await Promise.all(reading.map(next));
    expect(first.map(({ entries }) => [entries.length, entries[0]])).toEqual([
      [100, '119'],
      [100, '109'],
      [100, '100'],
    ]);
    expect((await Promise.all(reading.map(readOn))).map((read) => [read.length, read.at(-1)])).toEqual([
      [20, '0'],
      [10, '0'],
      [1, '0'],
    ]);
    expect(sorted).toBe(3);
  });

  it('are refused while others gather too much, though one on its own may gather all there is', async () => {
    const gathering = Promise.withResolvers<void>();
    const alone = next(list(800, gathering.promise));
    expect(await refusalOf(list(1))).toEqual(REFUSED);
    gathering.resolve();
    expect((await alone).entries[0]).toBe('799');
  });

  it('are refused before they begin while there is no room, and leave their room when they end', async () => {
    const read = list(300);
    await next(read);
    expect(await refusalOf(list(101))).toEqual(REFUSED);
    expect(await readOn(read)).toHaveLength(200);
    const left = list(300);
    await next(left);
    await left.return(undefined);
    expect(await readOn(list(101))).toHaveLength(101);
  });

  it('find room when nobody else is read, however long they are', async () => {
    expect(await readOn(list(1500))).toHaveLength(1500);
  });
});
