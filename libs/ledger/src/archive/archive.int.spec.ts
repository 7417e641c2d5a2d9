import { copyFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RevisionConflict } from '../errors.js';
import { type Batch, type Ledger, NO_STREAM, type RecordedEvent } from '../ledger.js';
import { verifyLedger } from '../proof/verify-ledger.js';
import { SqliteLedger } from '../sqlite-ledger.js';
import { someEvent, someMetadata } from '../testing/new-events.js';
import { exportLedger } from '../transfer/export-ledger.js';
import { archiveLedger, ArchiveRefused, restoreArchive } from './archive-ledger.js';

let folder = '';
let file = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-archive-'));
  file = join(folder, 'ledger.sqlite');
});

afterEach(() => rm(folder, { recursive: true }));

const using = async <Result>(use: (ledger: Ledger) => Promise<Result>): Promise<Result> => {
  const ledger = await SqliteLedger.open(file);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
};

const OLD = 1_000_000;
const CUT = 2_000_000;

const at = (timeMicros: number, data: object = {}) => ({
  ...someEvent(data),
  metadata: { ...someMetadata(), timeMicros },
});

/** Two old workloads, one that went on, one whose access changed later, and a user; by turns. */
const STREAMS: readonly (readonly [name: string, last: number])[] = [
  ['workload-iceprod.main.old', OLD],
  ['work-iceprod.main.old', OLD],
  ['work-torc.main.old', OLD],
  ['work-iceprod.main.new', CUT],
  ['work-iceprod.main.changed', OLD],
  ['access-iceprod.main.changed', CUT],
  ['user-cairn.main.alice', OLD],
];

const fill = (): Promise<void> =>
  using(async (ledger) => {
    for (let n = 0; n < 300; n++) {
      const appends = STREAMS.map(([stream, last]) =>
        ledger.append(stream, 2 * n - 1, [at(OLD, { n }), at(n === 299 ? last : OLD, { text: 'x'.repeat(200) })]),
      );
      await Promise.all(appends);
    }
  });

const collected = async (batches: AsyncIterable<Batch>): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const batch of batches) events.push(...batch.events);
  return events;
};

/** All that a ledger answers, in many ways. */
const answers = () =>
  using(async (ledger) => {
    const all = await collected(ledger.readAll());
    const following: RecordedEvent[] = [];
    for await (const { events } of ledger.subscribe()) {
      following.push(...events);
      if (following.length >= all.length) break;
    }
    return {
      all,
      following,
      some: await collected(ledger.readAll({ after: 700, streamPrefixes: ['work-iceprod.main.old', 'user-'] })),
      forwards: await ledger.readStream('work-iceprod.main.old', { from: 590 }),
      whole: await ledger.readStream('work-torc.main.old'),
      limited: await ledger.readStream('work-torc.main.old', { from: 10, limit: 30 }),
      last: await ledger.readStream('work-torc.main.old', { direction: 'backwards', limit: 1 }),
      backwards: await ledger.readStream('work-torc.main.old', { direction: 'backwards', from: 598, limit: 20 }),
      at: [await ledger.eventAt(5), await ledger.eventAt(4200), await ledger.eventAt(4201)],
      head: await ledger.head(),
    };
  });

const exported = async (name: string): Promise<Buffer> => {
  await using((ledger) => exportLedger(ledger, join(folder, name)));
  return readFile(join(folder, name));
};

const isWhole = async (): Promise<boolean> => {
  const { events, faults } = await verifyLedger({ dataDir: folder });
  return events === 4200 && faults.length === 0;
};

describe('an archive', () => {
  it('has the old workloads, and the ledger answers, is exported and verified as before', async () => {
    await fill();
    const [before, text, { size }] = [await answers(), await exported('before'), await stat(file)];
    expect(archiveLedger(file, CUT)).toEqual({ streams: 3, events: 3 * 599 });
    expect((await stat(file)).size).toBeLessThan(size * 0.8);
    expect(await answers()).toEqual(before);
    expect((await exported('after')).equals(text)).toBe(true);
    expect(await isWhole()).toBe(true);
    expect(archiveLedger(file, CUT)).toEqual({ streams: 0, events: 0 });
    expect(restoreArchive(file)).toBe(3 * 599);
    expect(restoreArchive(file)).toBe(0);
    expect(await answers()).toEqual(before);
    expect(await isWhole()).toBe(true);
  });

  it('lets workloads go on', async () => {
    await fill();
    archiveLedger(file, CUT);
    await using(async (ledger) => {
      const stream = 'work-iceprod.main.old';
      await expect(ledger.append(stream, NO_STREAM, [at(CUT)])).rejects.toBeInstanceOf(RevisionConflict);
      await expect(ledger.append(stream, 599, [at(CUT), at(CUT)])).resolves.toMatchObject({ revision: 601 });
      expect((await ledger.readStream(stream)).map(({ revision }) => revision)).toEqual(
        Array.from({ length: 602 }, (_, revision) => revision),
      );
    });
    expect((await verifyLedger({ dataDir: folder })).faults).toEqual([]);
    // It is old again.
    expect(archiveLedger(file, CUT + 1)).toMatchObject({ events: 2 + 3 * 599 });
    expect((await verifyLedger({ dataDir: folder })).faults).toEqual([]);
  });

  it('may be interrupted when events are in both files', async () => {
    await fill();
    const before = await answers();
    await copyFile(file, `${file}.before`);
    archiveLedger(file, CUT);
    await copyFile(`${file}.before`, file);
    expect(await answers()).toEqual(before);
    expect(await isWhole()).toBe(true);
    archiveLedger(file, CUT);
    expect(await answers()).toEqual(before);
  });

  it('is not mixed with that of another ledger, nor with another past of this one', async () => {
    await fill();
    archiveLedger(file, CUT);
    const archive = join(folder, 'ledger-archive.sqlite');
    await copyFile(archive, `${archive}.other`);
    await rm(archive);
    await rm(file);
    await fill();
    const [before, { size }] = [await answers(), await stat(file)];
    await copyFile(`${archive}.other`, archive);
    expect(() => archiveLedger(file, CUT)).toThrow(ArchiveRefused);
    expect(() => restoreArchive(file)).toThrow(ArchiveRefused);
    expect((await stat(archive)).size).toBe((await stat(`${archive}.other`)).size);
    await rm(archive);
    expect((await stat(file)).size).toBe(size);
    expect(await answers()).toEqual(before);
  });

  it('is missed and checked by verification', async () => {
    await fill();
    archiveLedger(file, CUT);
    const archive = join(folder, 'ledger-archive.sqlite');
    const database = new DatabaseSync(archive);
    database.exec(`UPDATE event SET data = '{"n":77}' WHERE position = 5`);
    database.close();
    expect((await verifyLedger({ dataDir: folder })).faults).toMatchObject([{ kind: 'hash', number: 5 }]);
    await rm(archive);
    expect((await verifyLedger({ dataDir: folder })).faults[0]).toMatchObject({ kind: 'gap' });
  });
});
