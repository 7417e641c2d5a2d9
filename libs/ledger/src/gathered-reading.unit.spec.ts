import { GatheredReading, type ReceivedBatch } from './gathered-reading.js';
import type { Wanted } from './stream-filter.js';

const BATCHES = 40;

describe('GatheredReading', () => {
  let opened: Wanted[];
  let sent: number;
  let isClosed: boolean;

  const readingOf = (batches: number, fault?: Error): GatheredReading =>
    new GatheredReading(async function* (wanted): AsyncGenerator<ReceivedBatch> {
      opened.push(wanted);
      try {
        for (; sent < batches; sent++) {
          await new Promise((resume) => setImmediate(resume));
          yield { received: [], upTo: sent + 1 };
        }
        if (fault !== undefined) throw fault;
      } finally {
        isClosed = true;
      }
    });

  const placesIn = async (reading: AsyncIterable<ReceivedBatch>, places: number[] = []): Promise<number[]> => {
    for await (const { upTo } of reading) places.push(upTo);
    return places;
  };

  beforeEach(() => {
    opened = [];
    sent = 0;
    isClosed = false;
  });

  it('serves all that begin together with one reading of what any of them wants', async () => {
    const gathered = readingOf(BATCHES);
    const all = await Promise.all(['work-', 'site-', 'work-a.'].map((prefix) => placesIn(gathered.read([prefix]))));
    const expected = Array.from({ length: BATCHES }, (_, index) => index + 1);
    expect(all).toEqual([expected, expected, expected]);
    expect(opened).toEqual([['work-', 'site-']]);
  });

  it('begins anew for one that comes later', async () => {
    const gathered = readingOf(BATCHES);
    await placesIn(gathered.read(['work-']));
    sent = 0;
    await expect(placesIn(gathered.read(['site-']))).resolves.toHaveLength(BATCHES);
    expect(opened).toEqual([['work-'], ['site-']]);
  });

  it('waits for its slowest reader, and not for one that has left', async () => {
    const gathered = readingOf(BATCHES);
    const slow = gathered.read(['site-'])[Symbol.asyncIterator]();
    const places: number[] = [];
    const fast = placesIn(gathered.read(['work-']), places);
    await slow.next();
    await new Promise((resume) => setTimeout(resume, 50));
    expect(places.length).toBeLessThan(BATCHES / 2);
    await slow.return?.();
    await expect(fast).resolves.toHaveLength(BATCHES);
  });

  it('ends when everybody has left', async () => {
    const gathered = readingOf(BATCHES);
    const reader = gathered.read(['work-'])[Symbol.asyncIterator]();
    await reader.next();
    await reader.return?.();
    while (!isClosed) await new Promise((resume) => setImmediate(resume));
    expect(sent).toBeLessThan(BATCHES);
  });

  it('tells everybody why it failed, behind what had come', async () => {
    const fault = new Error('The server is gone');
    const gathered = readingOf(3, fault);
    const places: number[][] = [[], []];
    const readings = places.map((each) => placesIn(gathered.read(['work-']), each));
    for (const reading of readings) await expect(reading).rejects.toBe(fault);
    expect(places).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });
});
