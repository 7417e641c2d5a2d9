import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { appendStaged, batchOf, BATCH_SEALED } from '#ledger/staged-batch.js';
import { bulkEvents, someEvent } from '#ledger/testing/new-events.js';
import { revisionAt } from './revision-at.js';

const STREAM = 'work-iceprod.main.a';

describe('the last event of a stream that was effective at a position', () => {
  let folder: string;
  let ledger: SqliteLedger;
  let database: DatabaseSync;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-revisions-'));
    ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE model_stream (stream TEXT PRIMARY KEY, revision INTEGER NOT NULL, position INTEGER)');
  });

  afterEach(async () => {
    database.close();
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  /** The read model shows the stream up to an event. */
  const show = (revision: number, position: number | null): void => {
    database.prepare('INSERT OR REPLACE INTO model_stream VALUES (?, ?, ?)').run(STREAM, revision, position);
  };

  const at = (position: number): Promise<number> => revisionAt(ledger, { database, position: 0 }, STREAM, position);

  it('is found at every position, whatever else is written, and never within a batch', async () => {
    let revision = NO_STREAM;
    let other = NO_STREAM;
    for (let round = 0; round < 12; round += 1) {
      other = (await ledger.append('work-iceprod.main.b', other, [someEvent(), someEvent()])).revision;
      ({ revision } =
        round % 4 === 3
          ? await appendStaged(
              ledger,
              STREAM,
              revision,
              bulkEvents(2_500_000, randomUUID()).map((event) => ({ ...event, id: randomUUID() })),
              randomUUID(),
            )
          : await ledger.append(
              STREAM,
              revision,
              Array.from({ length: 1 + (round % 3) }, () => someEvent()),
            ));
    }
    const events = await ledger.readStream(STREAM);
    const head = events.at(-1);
    show(head?.revision ?? NO_STREAM, head?.position ?? 0);
    for (let position = 0; position <= (await ledger.head()); position += 1) {
      const known = events.filter((event) => event.position <= position);
      const effective = known.findLast((event) => batchOf(event) === undefined || event.type === BATCH_SEALED);
      expect([position, await at(position)]).toEqual([position, effective?.revision ?? NO_STREAM]);
    }
  });

  it('is before a batch whose parts end the stream', async () => {
    const { revision } = await ledger.append(STREAM, NO_STREAM, [someEvent()]);
    const part = { ...someEvent().metadata, batch: { id: randomUUID(), part: 0 } };
    const last = await ledger.append(STREAM, revision, [
      { ...someEvent(), metadata: part },
      { ...someEvent(), metadata: part },
    ]);
    show(last.revision, last.position);
    expect(await at(last.position)).toBe(0);
  });

  it('is none where the stream has begun later, or not yet', async () => {
    expect(await at(5)).toBe(NO_STREAM);
    const { revision, position } = await ledger.append(STREAM, NO_STREAM, [someEvent(), someEvent()]);
    show(revision, null);
    expect(await at(0)).toBe(NO_STREAM);
    expect(await at(position - 1)).toBe(0);
  });
});
