import { DomainError } from '#platform/domain-error.js';
import { SortedLists } from './sorted-lists.js';

const MINUTE_MS = 60_000;
/** A page is full after one of them. */
const LONG = 'x'.repeat(300_000);

describe('sorted lists', () => {
  let nowMs: number;
  let lists: SortedLists;
  let sorted: number;

  beforeEach(() => {
    [nowMs, sorted] = [0, 0];
    lists = new SortedLists(10, () => nowMs, 10);
  });

  const page = (entries: number, cursor?: string) =>
    lists.list(
      { sort: [{ field: 'number', descending: false }], ...(cursor !== undefined && { cursor }) },
      (offer) => {
        sorted += 1;
        for (let at = 0; at < entries; at += 1) offer({ key: at, id: String(at), values: [at] });
        return Promise.resolve();
      },
      (key) => `${String(key)}${LONG}`,
    );

  const begin = async (entries: number): Promise<string> => {
    const first = await page(entries);
    if (first instanceof DomainError || first.next === undefined) throw new Error('no list has begun');
    return first.next;
  };

  const readOn = async (cursor: string): Promise<readonly string[]> => {
    const read: string[] = [];
    for (let next: string | undefined = cursor; next !== undefined;) {
      const answer = await page(0, next);
      if (answer instanceof DomainError) throw answer;
      read.push(...answer.entries.map((entry) => entry.slice(0, -LONG.length)));
      next = answer.next;
    }
    return read;
  };

  it('are sorted once and read to the end, however many are read at a time', async () => {
    const cursors = await Promise.all([begin(3), begin(4), begin(3)]);
    expect(await Promise.all(cursors.map(readOn))).toEqual([
      ['1', '2'],
      ['1', '2', '3'],
      ['1', '2'],
    ]);
    expect(sorted).toBe(3);
  });

  it('are refused while others gather too much, though one on its own may gather all there is', async () => {
    const gathering = Promise.withResolvers<void>();
    const list = (entries: number, until: Promise<void>) =>
      lists.list(
        { sort: [{ field: 'number', descending: true }], limit: entries },
        async (offer) => {
          for (let at = 0; at < entries; at += 1) offer({ key: at, id: String(at), values: [at] });
          await until;
        },
        String,
      );
    const alone = list(20, gathering.promise);
    const refused = await list(1, Promise.resolve());
    expect(refused instanceof DomainError && [refused.kind, refused.message]).toEqual([
      'unavailable',
      'server overloaded',
    ]);
    gathering.resolve();
    expect(await alone).toMatchObject({ entries: { length: 20 } });
    expect(await list(1, Promise.resolve())).toMatchObject({ entries: ['0'] });
  });

  it('are refused before they begin while there is no room, and never dropped while they are read', async () => {
    const cursor = await begin(8);
    const refused = await page(3);
    expect(refused instanceof DomainError && [refused.kind, refused.message]).toEqual([
      'unavailable',
      'server overloaded',
    ]);
    expect(await readOn(cursor)).toHaveLength(7);
    expect(await readOn(await begin(10))).toHaveLength(9);
  });

  it('find room when nobody else is read, however long they are', async () => {
    expect(await readOn(await begin(15))).toHaveLength(14);
  });

  it('are dropped when nobody has read on for minutes', async () => {
    const left = await begin(5);
    nowMs += MINUTE_MS;
    const read = await begin(5);
    nowMs += MINUTE_MS;
    const third = await begin(5);
    expect(await readOn(read)).toHaveLength(4);
    expect(await readOn(third)).toHaveLength(4);
    await expect(readOn(left)).rejects.toThrow('The sorted list is gone, ask again');
  });
});
