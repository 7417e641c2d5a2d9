import { randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { verifyChain } from '../hash-chain.js';
import { type Ledger, NO_STREAM } from '../ledger.js';
import { openLedger } from '../open-ledger.js';
import { SqliteLedger } from '../sqlite-ledger.js';
import { EventStoreDbDouble } from '../testing/eventstoredb-double.js';
import { someEvent } from '../testing/new-events.js';
import { exportLedger } from './export-ledger.js';
import { importExport } from './import-export.js';
import { readExport } from './read-export.js';
import { TransferError } from './transfer-error.js';

let folder = '';
let ledgers = 0;
const opened: { close(): unknown }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-transfer-'));
});

afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
  await rm(folder, { recursive: true });
});

const path = (name: string): string => join(folder, name);

const sqlite = async (): Promise<Ledger> => {
  const ledger = await SqliteLedger.open(path(`ledger-${++ledgers}.sqlite`));
  opened.push(ledger);
  return ledger;
};

const eventStore = async (): Promise<Ledger> => {
  const double = await EventStoreDbDouble.start();
  opened.push({ close: () => double.stop() });
  const ledger = await openLedger({ dataDir: '', eventStoreUrl: double.url });
  opened.push(ledger);
  return ledger;
};

const TEXTS = ['', 'line\nfeed "quoted" \\', 'é 漢 🪨', '\u0000\ud800', '{"raw": 1.0, "big": 12345678901234567890}'];

/** Appends of one to three events to one of a few streams. */
const courses = fc.array(
  fc.record({ stream: fc.nat(4), texts: fc.array(fc.constantFrom(...TEXTS), { minLength: 1, maxLength: 3 }) }),
  { minLength: 1, maxLength: 30 },
);

const fill = async (
  ledger: Ledger,
  course: readonly { readonly stream: number; readonly texts: readonly string[] }[],
): Promise<void> => {
  const revisions = new Map<number, number>();
  for (const { stream, texts } of course) {
    const events = texts.map((text) => someEvent({ text }));
    const expected = revisions.get(stream) ?? NO_STREAM;
    const { revision } = await ledger.append(`work-iceprod.main.${stream}`, expected, events);
    revisions.set(stream, revision);
  }
};

/** So many events in two streams, some of each by turns. */
const fillWith = async (ledger: Ledger, count: number, perAppend = 50): Promise<void> => {
  const revisions: [number, number] = [NO_STREAM, NO_STREAM];
  for (let first = 0, turn: 0 | 1 = 0; first < count; first += perAppend, turn = turn === 0 ? 1 : 0) {
    const some = Array.from({ length: Math.min(perAppend, count - first) }, (_, n) => someEvent({ n: first + n }));
    const { revision } = await ledger.append(`work-iceprod.main.${turn}`, revisions[turn], some);
    revisions[turn] = revision;
  }
};

const exported = async (ledger: Ledger): Promise<Buffer> => {
  const file = path(`export-${randomUUID()}`);
  await exportLedger(ledger, file);
  return readFile(file);
};

const events = async (file: string): Promise<number> => {
  let count = 0;
  for await (const slice of readExport(file)) count += slice.length;
  return count;
};

describe('export and import', () => {
  it('give the same file again, between both ledgers and both ways', async () => {
    const property = fc.asyncProperty(courses, fc.boolean(), async (course, fromSqlite) => {
      const [source, target] = fromSqlite ? [await sqlite(), await eventStore()] : [await eventStore(), await sqlite()];
      await fill(source, course);
      const first = path(`first-${++ledgers}`);
      const { events: count } = await exportLedger(source, first);
      expect(await importExport(first, target)).toEqual({ events: count, kept: 0 });
      const bytes = await readFile(first);
      expect(await exported(target)).toEqual(bytes);
      expect(await verifyChain(target)).toEqual(await verifyChain(source));
      const back = fromSqlite ? await sqlite() : await eventStore();
      await importExport(first, back);
      expect(await exported(back)).toEqual(bytes);
      for (const each of opened.splice(0).reverse()) await each.close();
    });
    await fc.assert(property, { numRuns: 12 });
  });

  it('keep an empty ledger empty', async () => {
    const file = path('empty');
    expect(await exportLedger(await sqlite(), file)).toEqual({ events: 0, kept: 0 });
    const target = await sqlite();
    expect(await importExport(file, target)).toEqual({ events: 0, kept: 0 });
    expect(await exported(target)).toEqual(await readFile(file));
  });

  it.each(['gz', 'zst'])('read and write files that end in .%s', async (ending) => {
    const source = await sqlite();
    await fillWith(source, 1500);
    const file = path(`export.${ending}`);
    await exportLedger(source, file);
    const plain = await exported(source);
    expect((await readFile(file)).length).toBeLessThan(plain.length / 2);
    const target = await sqlite();
    await importExport(file, target);
    expect((await exported(target)).equals(plain)).toBe(true);
    await expect(exportLedger(source, file)).rejects.toBeInstanceOf(TransferError);
    await truncate(file, (await readFile(file)).length - 20);
    await expect(importExport(file, await sqlite())).rejects.toBeInstanceOf(TransferError);
  });
});

describe('an export', () => {
  it('goes on wherever it was cut off, and gives the file of one that was not', async () => {
    const source = await sqlite();
    await fillWith(source, 2500);
    const whole = await exported(source);
    const file = path('cut');
    await exportLedger(source, file);
    // Checksums stand behind 1000 and 2000 events.
    const thousand = whole.indexOf('{"events":1000,');
    for (const [bytes, kept] of [
      [0, 0],
      [17, 0],
      [thousand - 1, 0],
      [thousand + 20, 0],
      [whole.indexOf('\n', thousand) + 1, 1000],
      [whole.length - 100_000, 2000],
      [whole.length - 1, 2000],
      [whole.length, 2000],
    ] as const) {
      await writeFile(file, whole.subarray(0, bytes));
      expect(await exportLedger(source, file)).toEqual({ events: 2500, kept });
      expect((await readFile(file)).equals(whole)).toBe(true);
    }
  });

  it('goes on when the ledger has grown', async () => {
    const source = await sqlite();
    await fillWith(source, 1999);
    const file = path('growing');
    await exportLedger(source, file);
    await source.append('work-iceprod.main.0', 999, [someEvent()]);
    expect(await exportLedger(source, file)).toEqual({ events: 2000, kept: 1000 });
    expect((await readFile(file)).equals(await exported(source))).toBe(true);
    await source.append('work-iceprod.main.0', 1000, [someEvent()]);
    expect(await exportLedger(source, file)).toEqual({ events: 2001, kept: 2000 });
    expect((await readFile(file)).equals(await exported(source))).toBe(true);
  });

  it('does not write over the export of another ledger, nor over what is none', async () => {
    const [source, other] = [await sqlite(), await sqlite()];
    await fillWith(source, 1000);
    await fillWith(other, 1000);
    const file = path('taken');
    await exportLedger(source, file);
    const before = await readFile(file);
    await expect(exportLedger(other, file)).rejects.toThrow('is an export of another ledger');
    expect((await readFile(file)).equals(before)).toBe(true);
    await writeFile(file, 'a letter to a friend, and something more\nthan a line');
    await expect(exportLedger(other, file)).rejects.toThrow('this is no export of a ledger');
  });
});

describe('an import', () => {
  it('goes on wherever it was killed', async () => {
    const source = await sqlite();
    await fillWith(source, 3500);
    const file = path('killed');
    await exportLedger(source, file);
    for (const open of [sqlite, eventStore]) {
      const target = await open();
      const dying = Object.create(target) as Ledger;
      let appends = 0;
      dying.appendRecorded = (chunk) =>
        ++appends > 2 ? Promise.reject(new Error('killed')) : target.appendRecorded(chunk);
      await expect(importExport(file, dying)).rejects.toThrow('killed');
      expect(await importExport(file, target)).toEqual({ events: 3500, kept: 2000 });
      expect((await exported(target)).equals(await readFile(file))).toBe(true);
      expect(await importExport(file, target)).toEqual({ events: 3500, kept: 3500 });
    }
  });

  it('refuses a ledger that holds something else, or more', async () => {
    const [source, other, more] = [await sqlite(), await sqlite(), await sqlite()];
    await fillWith(source, 5);
    await fillWith(other, 3);
    const file = path('elsewhere');
    await exportLedger(source, file);
    const before = await exported(other);
    await expect(importExport(file, other)).rejects.toThrow('holds something else than the file, from event 1 on');
    expect(await exported(other)).toEqual(before);
    await importExport(file, more);
    await more.append('work-iceprod.main.0', 4, [someEvent()]);
    await expect(importExport(file, more)).rejects.toThrow('holds these events and more');
  });

  it('refuses a file with any bit changed or any lines left out, and stores nothing', async () => {
    const source = await sqlite();
    await fillWith(source, 1003);
    const whole = await exported(source);
    const target = await sqlite();
    const file = path('damaged');
    const refused = async (bytes: Buffer): Promise<void> => {
      await writeFile(file, bytes);
      await expect(importExport(file, target)).rejects.toBeInstanceOf(TransferError);
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        await refused(changed);
      }),
      { numRuns: 60 },
    );
    // The bytes at the end, of which no checksum is made.
    for (let bit = 0; bit < 8 * 100; bit++) {
      const changed = Buffer.from(whole);
      const at = whole.length - 1 - (bit >> 3);
      changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
      await writeFile(file, changed);
      await expect(events(file)).rejects.toBeInstanceOf(TransferError);
    }
    const lines = whole.toString().split('\n');
    for (const [first, count] of [
      [0, 1],
      [1, 1],
      [1, 1000],
      [1, 1001],
      [500, 1],
      [1001, 1],
      [1002, 3],
      [lines.length - 2, 1],
    ] as const) {
      await refused(Buffer.from(lines.toSpliced(first, count).join('\n')));
    }
    await refused(Buffer.concat([whole, Buffer.from('\n')]));
    expect(await target.head()).toBe(0);
  });

  it('refuses what was changed in the ledger before it was exported', async () => {
    const source = await sqlite();
    await fillWith(source, 10);
    const file = path('ledger-changed.sqlite');
    await copyFile(path(`ledger-${ledgers}.sqlite`), file);
    await copyFile(path(`ledger-${ledgers}.sqlite-wal`), `${file}-wal`);
    const database = new DatabaseSync(file);
    database.exec(`UPDATE event SET data = '{"n":5}' WHERE position = 7`);
    database.close();
    const changed = await SqliteLedger.open(file);
    opened.push(changed);
    const changedFile = path('changed');
    await exportLedger(changed, changedFile);
    const target = await sqlite();
    await expect(importExport(changedFile, target)).rejects.toThrow(
      'event 7 of the file, event 6 of work-iceprod.main.0, does not fit the chain of hashes',
    );
    expect(await target.head()).toBe(0);
  });
});
