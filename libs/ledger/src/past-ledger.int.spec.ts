import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { LedgerUnavailable } from './errors.js';
import { type Ledger, NO_STREAM, type Position, type ReadAllOptions, type RecordedEvent } from './ledger.js';
import { PastLedger } from './past-ledger.js';
import { SqliteLedger } from './sqlite-ledger.js';
import { appendStaged, readSealedParts } from './staged-batch.js';
import { bulkEvents, someEvent } from './testing/new-events.js';

const STREAMS = ['work-a', 'work-b', 'site-a', 'site-b'];

const readAll = async (ledger: Ledger, options: ReadAllOptions = {}): Promise<RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const batch of ledger.readAll(options)) events.push(...batch.events);
  return events;
};

describe('PastLedger', () => {
  let folder: string;
  let ledger: SqliteLedger;
  let all: readonly RecordedEvent[];
  let head: Position;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-past-ledger-'));
    ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    // Longer than the pages that are read at once.
    const course = fc.sample(fc.tuple(fc.constantFrom(...STREAMS), fc.integer({ min: 1, max: 40 })), {
      numRuns: 60,
      seed: 13,
    });
    const revisions = new Map<string, number>();
    for (const [stream, count] of course) {
      const events = Array.from({ length: count }, () => someEvent());
      const { revision } = await ledger.append(stream, revisions.get(stream) ?? NO_STREAM, events);
      revisions.set(stream, revision);
    }
    all = await readAll(ledger);
    head = await ledger.head();
  });

  afterAll(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  const anyPast = fc.record({
    until: fc.nat({ max: 1300 }),
    after: fc.nat({ max: 1300 }),
    streams: fc.option(fc.subarray(STREAMS), { nil: undefined }),
    streamPrefixes: fc.constantFrom(undefined, ['work-'], ['site-a', 'work-b']),
  });

  it('has what stood in the ledger up to its end, of its streams', async () => {
    await fc.assert(
      fc.asyncProperty(anyPast, async ({ until, after, streams, streamPrefixes }) => {
        const past = new PastLedger(ledger, until, streams);
        const isHere = ({ stream, position }: RecordedEvent): boolean =>
          position <= until && (streams?.includes(stream) ?? true);
        const isAsked = ({ stream, position }: RecordedEvent): boolean =>
          position > after && (streamPrefixes?.some((prefix) => stream.startsWith(prefix)) ?? true);
        const options = streamPrefixes === undefined ? { after } : { after, streamPrefixes };
        expect(await readAll(past, options)).toEqual(all.filter((event) => isHere(event) && isAsked(event)));
        expect(await past.head()).toBe(Math.min(until, head));
        for (const stream of STREAMS) {
          const events = all.filter((event) => event.stream === stream && isHere(event));
          expect(await past.readStream(stream)).toEqual(events);
          expect(await past.readStream(stream, { direction: 'backwards' })).toEqual([...events].reverse());
          expect(await past.readStream(stream, { from: 3, limit: 5 })).toEqual(events.slice(3, 8));
          expect(await past.readStream(stream, { direction: 'backwards', from: 5, limit: 2 })).toEqual(
            events.slice(0, 6).reverse().slice(0, 2),
          );
        }
        expect(await past.eventAt(after)).toEqual(all.find((event) => event.position === after && isHere(event)));
      }),
      { numRuns: 25 },
    );
  });

  it('goes on where it was when it is raised, and says how far it has come', async () => {
    const past = new PastLedger(ledger, 0, ['work-a', 'site-b']);
    const stop = new AbortController();
    const seen: RecordedEvent[] = [];
    let upTo = 0;
    const ends = [1, 2, 300, 301, head];
    past.raise(ends.shift() ?? 0);
    for await (const batch of past.subscribe({ signal: stop.signal })) {
      seen.push(...batch.events);
      expect(batch.upTo).toBeGreaterThan(upTo);
      ({ upTo } = batch);
      if (upTo < (await past.head())) continue;
      expect(seen).toEqual(all.filter((each) => each.position <= upTo && ['work-a', 'site-b'].includes(each.stream)));
      const next = ends.shift();
      if (next === undefined) stop.abort();
      else past.raise(next);
    }
    expect(upTo).toBe(head);
    expect(() => past.raise(1)).toThrow(RangeError);
  });

  it('takes nothing', async () => {
    const past = new PastLedger(ledger, 7);
    await expect(past.append('work-a')).rejects.toThrow(LedgerUnavailable);
    await expect(past.append('work-a')).rejects.toThrow('this is the past up to position 7');
  });

  it('has the parts of a batch that was sealed later, without the seal', async () => {
    const { position } = await appendStaged(ledger, 'work-batch', NO_STREAM, bulkEvents(1_500_000, 'c'), 'batch');
    const seal = await ledger.eventAt(position);
    const before = new PastLedger(ledger, position - 1);
    expect(await before.eventAt(position)).toBeUndefined();
    const parts = (await before.readStream('work-batch')).map(({ id }) => id);
    const sealed: string[] = [];
    if (seal === undefined) throw new Error('The batch is not sealed');
    for await (const page of readSealedParts(new PastLedger(ledger, position), seal)) {
      sealed.push(...page.map(({ id }) => id));
    }
    expect(sealed).toEqual(parts);
  });
});
