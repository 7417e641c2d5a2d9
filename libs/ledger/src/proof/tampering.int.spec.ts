import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { eventHash, GENESIS } from '../hash-chain.js';
import { NO_STREAM } from '../ledger.js';
import { SqliteLedger } from '../sqlite-ledger.js';
import { someEvent } from '../testing/new-events.js';
import { exportLedger } from '../transfer/export-ledger.js';
import { signCheckpoint } from '../testing/sign-checkpoint.js';
import { CheckpointKey } from './checkpoint.js';
import { type CheckpointFile } from './proof-files.js';
import { ledgerSource } from './event-source.js';
import { withHeads } from './event-proof.js';
import { verifyExport } from './verify-export.js';
import { verifyLedger } from './verify-ledger.js';

/** Changes of each kind that are tried: `TAMPERINGS=10000` takes some minutes. */
const CHANGES = Number(process.env['TAMPERINGS'] ?? 150);

const WITHIN_MS = 60_000 + CHANGES * 300;

const key = CheckpointKey.make();

const STREAMS = 11;

/** What somebody removes: single events, streams, ends of streams, or the newest events of the ledger. Numbers are taken modulo what is there. */
const removals = fc.record({
  what: fc.constantFrom('events', 'streams', 'ends', 'newest'),
  which: fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 5 }),
  count: fc.integer({ min: 1, max: 20 }),
  /** All later hashes and numbers of the streams are computed again, so that the chains fit. */
  isMended: fc.boolean(),
});

interface EventRow {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

const SELECT_EVENTS = `SELECT e.position, s.name AS stream, e.revision, e.id, e.type, e.data, e.metadata
  FROM event e JOIN stream s ON s.id = e.stream`;

/** With one bit turned over. */
const withBit = (bytes: Buffer, bit: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};

describe('A ledger that somebody has tampered with', () => {
  let folder = '';
  let file = '';
  let whole: Buffer;
  const checkpoints: CheckpointFile[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-tampering-'));
    file = join(folder, 'ledger.sqlite');
    const ledger = await SqliteLedger.open(file);
    const revisions = new Map<string, number>();
    for (let number = 0; number < 60; number++) {
      const stream = `work-iceprod.main.${(number * 7) % STREAMS}`;
      const revision = revisions.get(stream) ?? NO_STREAM;
      const text = 'Ä'.repeat(number === 30 ? 5000 : number % 5);
      await ledger.append(stream, revision, [someEvent({ number, text }), someEvent({ number })]);
      revisions.set(stream, revision + 2);
      if (number % 20 === 10) {
        checkpoints.push(await withHeads(ledgerSource(ledger), await signCheckpoint(ledger, key)));
      }
    }
    await ledger.close();
    whole = readFileSync(file);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const restore = (content: Buffer): void => {
    // What a log of the file before says would be taken for the newest state of this one.
    for (const log of [`${file}-wal`, `${file}-shm`]) rmSync(log, { force: true });
    writeFileSync(file, content);
  };

  beforeEach(() => restore(whole));

  /** Everything that can be read of it, in every way in which it is read. */
  const readings = async (): Promise<string> => {
    const ledger = await SqliteLedger.open(file);
    const texts: string[] = [];
    const streams = new Set<string>();
    for await (const { events } of ledger.readAll()) {
      for (const event of events) {
        streams.add(event.stream);
        texts.push(JSON.stringify([event, await ledger.eventAt(event.position)]));
      }
    }
    for (const stream of streams) texts.push(JSON.stringify(await ledger.readStream(stream)));
    await ledger.close();
    return texts.join('\n');
  };

  const verify = (given: readonly CheckpointFile[] = checkpoints) =>
    verifyLedger({ dataDir: folder }, { checkpoints: given });

  const tamper = (sql: string): void => {
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
  };

  it('is whole before', async () => {
    const whole = { events: 123, streams: 12, checkpoints: 3, keys: [key.id], rewrites: [], faults: [] };
    expect(await verify()).toEqual(whole);
  });

  it(
    'is found out by any single bit, unless nothing that is read differs',
    async () => {
      const before = await readings();
      let unnoticed = 0;
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: whole.length * 8 - 1 }), async (bit) => {
          restore(withBit(whole, bit));
          const { faults } = await verify();
          if (faults.length > 0) return;
          unnoticed += 1;
          expect(await readings()).toBe(before);
        }),
        { numRuns: CHANGES },
      );
      expect(unnoticed).toBeLessThan(CHANGES);
      if (CHANGES > 1000) process.stderr.write(`${unnoticed} of ${CHANGES} bits were in unused bytes\n`);
    },
    WITHIN_MS,
  );

  it(
    'is found out by any single bit of an export',
    async () => {
      const exported = join(folder, 'export.jsonl');
      const ledger = await SqliteLedger.open(file);
      await exportLedger(ledger, exported);
      await ledger.close();
      const bytes = readFileSync(exported);
      expect(await verifyExport(exported, { checkpoints })).toMatchObject({ checkpoints: 3, faults: [] });
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: bytes.length * 8 - 1 }), async (bit) => {
          writeFileSync(exported, withBit(bytes, bit));
          expect((await verifyExport(exported)).faults).toHaveLength(1);
        }),
        { numRuns: CHANGES },
      );
    },
    WITHIN_MS,
  );

  it(
    'is found out when any events that a checkpoint covers are gone, also with chains that fit',
    async () => {
      const last = checkpoints.at(-1)?.checkpoint.events ?? 0;
      const found: Record<string, number> = {};
      await fc.assert(
        fc.asyncProperty(removals, async ({ what, which, count, isMended }) => {
          const dataDir = mkdtempSync(join(folder, 'removed-'));
          writeFileSync(join(dataDir, 'ledger.sqlite'), whole);
          const database = new DatabaseSync(join(dataDir, 'ledger.sqlite'));
          const rows = database.prepare(`${SELECT_EVENTS} ORDER BY e.position`).all() as unknown as EventRow[];
          const streams = new Set(which.map((number) => `work-iceprod.main.${number % STREAMS}`));
          const events = new Set(which.map((number) => 1 + (number % last)));
          const ends = new Set(
            [...streams]
              .flatMap((name) => rows.filter(({ stream }) => stream === name).slice(-count))
              .map((row) => row.position),
          );
          const isGone = ({ position, stream }: EventRow): boolean => {
            if (what === 'newest') return position > last - count;
            if (what === 'streams') return streams.has(stream);
            return (what === 'events' ? events : ends).has(position);
          };
          const gone = rows.filter(isGone);
          fc.pre(gone.some(({ position }) => position <= last));
          database.exec('PRAGMA synchronous = OFF; BEGIN');
          const remove = database.prepare('DELETE FROM event WHERE position = ?');
          for (const { position } of gone) remove.run(position);
          if (isMended) {
            const heads = new Map<string, { revision: number; hash: string }>();
            const update = database.prepare('UPDATE event SET revision = ?, hash = ? WHERE position = ?');
            for (const row of rows) {
              if (isGone(row)) continue;
              const head = heads.get(row.stream) ?? { revision: NO_STREAM, hash: GENESIS };
              const revision = head.revision + 1;
              const hash = eventHash(head.hash, { ...row, revision });
              update.run(revision, hash, row.position);
              heads.set(row.stream, { revision, hash });
            }
          }
          database.exec('COMMIT');
          database.close();
          expect((await verifyLedger({ dataDir }, { checkpoints })).faults).not.toEqual([]);
          rmSync(dataDir, { recursive: true });
          const kind = `${what}${isMended ? ', mended' : ''}`;
          found[kind] = (found[kind] ?? 0) + 1;
        }),
        { numRuns: CHANGES },
      );
      if (CHANGES > 1000) process.stderr.write(`removals found: ${JSON.stringify(found)}\n`);
    },
    WITHIN_MS,
  );

  it('is found out when the newest events are gone, of one stream or of the whole ledger', async () => {
    const last = checkpoints.at(-1);
    const events = last?.checkpoint.events ?? 0;
    tamper(`DELETE FROM event WHERE position >= ${events - 2}`);
    expect((await verify([])).faults).toEqual([]);
    const { faults } = await verify();
    expect(faults).toEqual([
      expect.objectContaining({ kind: 'missing', checkpoint: 3, own: false, number: events - 2, events: 3 }),
    ]);
  });

  it('is found out when a whole stream is gone, and which one it was', async () => {
    tamper(`
      DELETE FROM event WHERE stream = (SELECT id FROM stream WHERE name = 'work-iceprod.main.0');
      DELETE FROM stream WHERE name = 'work-iceprod.main.0';
    `);
    const { faults } = await verify();
    expect(faults[0]).toMatchObject({ kind: 'changed', checkpoint: 1, from: 1, to: 22 });
    const ends = checkpoints.map(({ heads }) => heads?.find(({ stream }) => stream === 'work-iceprod.main.0'));
    expect(faults.filter(({ kind }) => kind !== 'changed' && kind !== 'missing')).toEqual([]);
    expect(faults.flatMap((fault) => ('streams' in fault ? [fault.streams] : []))).toEqual(
      ends.map((end) => [{ stream: 'work-iceprod.main.0', expected: { revision: end?.revision, hash: end?.hash } }]),
    );
  });

  it('is found out when an event and all hashes behind it were made anew', async () => {
    const database = new DatabaseSync(file);
    const rows = database
      .prepare(`${SELECT_EVENTS} WHERE s.name = 'work-iceprod.main.3' ORDER BY e.revision`)
      .all() as unknown as EventRow[];
    const update = database.prepare('UPDATE event SET data = ?, hash = ? WHERE position = ?');
    let previous = GENESIS;
    for (const row of rows) {
      const data = row.revision === 2 ? '{"forged":true}' : row.data;
      previous = eventHash(previous, { ...row, data });
      update.run(data, previous, row.position);
    }
    database.close();
    // The chains alone are whole; the checkpoints are not.
    const { faults } = await verify([]);
    expect(faults).toEqual([expect.objectContaining({ kind: 'changed', own: true })]);
  });

  it('is found out when events of different streams have changed places', async () => {
    tamper(`UPDATE event SET position = -1 WHERE position = 3; UPDATE event SET position = 3 WHERE position = 5;
            UPDATE event SET position = 5 WHERE position = -1;`);
    expect((await verify([])).faults.length).toBeGreaterThan(0);
  });

  it('is found out when the checkpoints were signed anew with another key', async () => {
    const other = CheckpointKey.make();
    const forged = checkpoints.map(({ checkpoint }) => other.sign(checkpoint));
    const [first] = forged;
    if (first === undefined) throw new Error('no checkpoint');
    const given: CheckpointFile[] = [{ format: 'cairn checkpoint 1', checkpoint: first }];
    const trusted = await verifyLedger(
      { dataDir: folder },
      { checkpoints: given, keys: [checkpoints[0]?.checkpoint.public_key ?? ''] },
    );
    expect(trusted.faults).toEqual([{ kind: 'key', checkpoint: 1, own: false, key: other.id }]);
    const changed: CheckpointFile[] = [{ format: 'cairn checkpoint 1', checkpoint: { ...first, events: 21 } }];
    expect((await verify(changed)).faults).toEqual([{ kind: 'signature', checkpoint: 1, own: false }]);
  });
});
