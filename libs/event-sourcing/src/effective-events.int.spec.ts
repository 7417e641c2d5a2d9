import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { appendStaged } from '#ledger/staged-batch.js';
import { bulkEvents, someEvent, someMetadata } from '#ledger/testing/new-events.js';
import { effectiveEvents } from './effective-events.js';
import { type HistoryCursor, isBehind, readHistoryCursor, textOfCursor } from './history-cursor.js';

describe('effectiveEvents', () => {
  let folder: string;
  let ledger: SqliteLedger;
  const bulk = bulkEvents(1_500_000, 'c');

  const read = async (after?: HistoryCursor): Promise<(readonly [id: string, cursor: string])[]> => {
    const seen: (readonly [string, string])[] = [];
    for await (const { events } of effectiveEvents(ledger, after === undefined ? {} : { after })) {
      for (const { event, cursor } of events) seen.push([event.id, textOfCursor(cursor)]);
    }
    return seen;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-effective-'));
    ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
  });
  afterEach(async () => {
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  it('has a batch where it was sealed, and nothing of one that was not', async () => {
    const [first, last] = [someEvent(), someEvent()];
    await ledger.append('work-iceprod.main.a', NO_STREAM, [first]);
    await ledger.append('work-iceprod.main.torn', NO_STREAM, [
      { ...someEvent(), metadata: { ...someMetadata(), batch: { id: 'torn', part: 0 } } },
    ]);
    const { position } = await appendStaged(ledger, 'work-iceprod.main.b', NO_STREAM, bulk, 'batch');
    await ledger.append('work-iceprod.main.a', 0, [last]);
    expect(await read()).toEqual([
      [first.id, '1'],
      ...bulk.map(({ id }, index) => [id, `${position}.${index + 1}`]),
      [last.id, String(position + 1)],
    ]);
  });

  it('goes on behind any cursor that it has given', async () => {
    await ledger.append('work-iceprod.main.a', NO_STREAM, [someEvent(), someEvent()]);
    await appendStaged(ledger, 'work-iceprod.main.b', NO_STREAM, bulk, 'batch');
    await ledger.append('work-iceprod.main.a', 1, [someEvent()]);
    const all = await read();
    for (const [index, [, text]] of all.entries()) {
      expect(await read(readHistoryCursor(text))).toEqual(all.slice(index + 1));
    }
  });

  it('follows what happens until it is aborted', async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const following = (async () => {
      for await (const { events } of effectiveEvents(ledger, { follow: stop.signal })) {
        for (const { event } of events) seen.push(event.id);
        if (seen.length === bulk.length + 1) stop.abort();
      }
    })();
    const event = someEvent();
    await ledger.append('work-iceprod.main.a', NO_STREAM, [event]);
    await appendStaged(ledger, 'work-iceprod.main.b', NO_STREAM, bulk, 'batch');
    await following;
    expect(seen).toEqual([event.id, ...bulk.map(({ id }) => id)]);
  });
});

describe('history cursors', () => {
  it('are ordered: a batch ends behind all of its events', () => {
    expect(isBehind({ at: 5 }, { at: 5, part: 9 })).toBe(true);
    expect(isBehind({ at: 5, part: 2 }, { at: 5, part: 1 })).toBe(true);
    expect(isBehind({ at: 5, part: 2 }, { at: 5 })).toBe(false);
    expect(isBehind({ at: 5 }, { at: 5 })).toBe(false);
    expect(isBehind({ at: 6, part: 1 }, { at: 5 })).toBe(true);
  });

  it.each(['', '-1', '1.', '1.0', '1.2.3', 'x', '99999999999999999', '1 '])('are nothing else: %j', (text) => {
    expect(readHistoryCursor(text)).toBeUndefined();
  });
});
