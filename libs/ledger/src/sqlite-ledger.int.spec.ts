import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { eventually } from '#platform/testing/eventually.js';
import { LedgerUnavailable, OutcomeUnknown } from './errors.js';
import { verifyChain, verifyStream } from './hash-chain.js';
import { ledgerContract } from './ledger.contract.js';
import { type Batch, NO_STREAM, type RecordedEvent } from './ledger.js';
import { openLedger } from './open-ledger.js';
import { SqliteLedger } from './sqlite-ledger.js';
import { abandonUnsealed, appendStaged, BATCH_ABANDONED, BATCH_SEALED, readSealedParts } from './staged-batch.js';
import { bulkEvents, someEvent, someMetadata } from './testing/new-events.js';

const folders: string[] = [];

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-ledger-'));
  folders.push(folder);
  return folder;
};

const newFile = (): string => join(newFolder(), 'ledger.sqlite');

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Another process; it runs the compiled program, as `npm test` has built it. */
const start = (program: string, ...parameters: readonly (string | number)[]): ChildProcess => {
  const script = join(import.meta.dirname, '../../../build/libs/ledger/src/testing', `${program}.js`);
  const environment = { ...process.env, NODE_OPTIONS: '' };
  return spawn(process.execPath, [script, ...parameters.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: environment,
  });
};

const outputOf = async ({ stdout }: ChildProcess): Promise<string> => (stdout === null ? '' : text(stdout));

const contractFolder = newFolder();
ledgerContract('SQLite', () => openLedger({ dataDir: contractFolder }));

describe('SqliteLedger', () => {
  it('appends again after its writing thread has died', async () => {
    const file = newFile();
    const ledger = await SqliteLedger.open(file);
    renameSync(file, `${file}.away`);
    mkdirSync(file);
    await expect(ledger.append('work-a', NO_STREAM, [someEvent()])).rejects.toBeInstanceOf(OutcomeUnknown);
    rmdirSync(file);
    renameSync(`${file}.away`, file);
    expect(await ledger.append('work-a', NO_STREAM, [someEvent(), someEvent()])).toEqual({ revision: 1, position: 2 });
    await ledger.close();
  });

  it('does not wake a subscription for events that it does not want, and delivers the position when asked', async () => {
    const ledger = await SqliteLedger.open(newFile());
    const batches: Batch[] = [];
    const following = (async () => {
      for await (const batch of ledger.subscribe({ streamPrefixes: ['user-'] })) batches.push(batch);
    })();
    for (let revision = NO_STREAM; revision < 20; revision++) await ledger.append('work-a', revision, [someEvent()]);
    // The ledger delivers positions once a second by itself.
    expect(batches.length).toBeLessThan(5);
    const { position } = await ledger.append('user-b', NO_STREAM, [someEvent()]);
    await eventually(() => batches.flatMap(({ events }) => events.map((event) => event.position)), [position]);
    const last = await ledger.append('work-a', 20, [someEvent()]);
    ledger.pollNow();
    await eventually(() => batches.at(-1), { events: [], upTo: last.position });
    await ledger.close();
    await following;
  });

  describe('the hash chain', () => {
    const stream = 'work-iceprod.main.1';

    const tampered = async (statement: string): Promise<readonly object[]> => {
      const file = newFile();
      const ledger = await SqliteLedger.open(file);
      const events = Array.from({ length: 5 }, (_, n) => someEvent({ n }));
      await ledger.append(stream, NO_STREAM, events);
      await ledger.append('work-iceprod.main.2', NO_STREAM, [someEvent()]);
      expect((await verifyChain(ledger)).faults).toEqual([]);
      const database = new DatabaseSync(file);
      database.exec(statement);
      database.close();
      const { faults } = await verifyChain(ledger);
      expect((await verifyStream(ledger, stream)).faults).toEqual(faults);
      await ledger.close();
      return faults.map(({ revision, kind }) => ({ revision, kind }));
    };

    it('shows a changed text', async () => {
      expect(await tampered(`UPDATE event SET data = '{"n":7}' WHERE position = 3`)).toEqual([
        { revision: 2, kind: 'hash' },
      ]);
    });

    it('shows a changed name, id or metadata', async () => {
      const change = `type = 'UnitFailed'`;
      expect(await tampered(`UPDATE event SET ${change} WHERE position = 1`)).toEqual([{ revision: 0, kind: 'hash' }]);
      const actor = `metadata = replace(metadata, 'alice', 'mallory')`;
      expect(await tampered(`UPDATE event SET ${actor} WHERE position = 5`)).toEqual([{ revision: 4, kind: 'hash' }]);
      expect(await tampered(`UPDATE event SET id = '${randomUUID()}' WHERE position = 2`)).toEqual([
        { revision: 1, kind: 'hash' },
      ]);
    });

    it('shows a removed event', async () => {
      expect(await tampered('DELETE FROM event WHERE position = 2')).toEqual([{ revision: 2, kind: 'gap' }]);
    });

    it('shows an event whose text and hash were both replaced', async () => {
      const forged = `UPDATE event SET hash = '${'0'.repeat(64)}' WHERE position = 4`;
      expect(await tampered(forged)).toEqual([
        { revision: 3, kind: 'hash' },
        { revision: 4, kind: 'hash' },
      ]);
    });
  });

  it('refuses a file of another version', async () => {
    const file = newFile();
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(SqliteLedger.open(file)).rejects.toThrow('version 99');
  });

  it('waits for a lock that somebody else holds without holding up the event loop', async () => {
    const file = newFile();
    const ledger = await SqliteLedger.open(file);
    const intruder = new DatabaseSync(file);
    intruder.exec('BEGIN IMMEDIATE');
    let answered = false;
    const appended = ledger.append('work-a', NO_STREAM, [someEvent()]).finally(() => {
      answered = true;
    });
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(answered).toBe(false);
    intruder.exec('ROLLBACK');
    intruder.close();
    await expect(appended).resolves.toEqual({ revision: 0, position: 1 });
    await ledger.close();
  });

  it('refuses, and keeps nothing of, an append that cannot be written, and commits those with it', async () => {
    const file = newFile();
    const ledger = await SqliteLedger.open(file);
    const intruder = new DatabaseSync(file);
    intruder.exec(`CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.type = 'Poison' BEGIN
      SELECT RAISE(ABORT, 'disk full'); END`);
    intruder.close();
    const outcomes = await Promise.allSettled([
      ledger.append('work-a', NO_STREAM, [someEvent()]),
      ledger.append('work-b', NO_STREAM, [someEvent(), { ...someEvent(), type: 'Poison' }]),
      ledger.append('work-c', NO_STREAM, [someEvent()]),
      ledger.append('work-a', 0, [someEvent()]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    if (outcomes[1].status === 'rejected') expect(outcomes[1].reason).toBeInstanceOf(LedgerUnavailable);
    expect(await ledger.readStream('work-b')).toEqual([]);
    expect(await verifyChain(ledger)).toEqual({ streams: 2, events: 3, faults: [] });
    await ledger.close();
  });

  it('keeps every acknowledged append when the process is killed in the midst of appending', async () => {
    const file = newFile();
    for (let round = 0; round < 5; round++) {
      const child = start('append-forever', file, `work-${round}.`, 4, 60, 'acknowledge');
      if (child.stdout === null) throw new Error('No output');
      let output = '';
      for await (const chunk of child.stdout) {
        output += String(chunk);
        if (output.split('\n').length > 40 * (round + 1)) child.kill('SIGKILL');
      }
      // The last line may have been cut off.
      const acknowledged = output.split('\n').slice(0, -1);
      const ledger = await SqliteLedger.open(file);
      const standing = new Set<string>();
      for await (const { events } of ledger.readAll({ streamPrefixes: [`work-${round}.`] })) {
        for (const event of events) standing.add(`${event.stream} ${event.revision}`);
      }
      expect(acknowledged.filter((append) => !standing.has(append))).toEqual([]);
      // Nothing beyond what was under way: one append for each appender.
      expect(standing.size - new Set(acknowledged).size).toBeLessThanOrEqual(4);
      expect((await verifyChain(ledger)).faults).toEqual([]);
      await ledger.close();
    }
  });

  it('finishes or abandons a staged batch of 20 MiB killed at every part', async () => {
    const file = newFile();
    const ledger = await SqliteLedger.open(file);
    const bytes = 20 * 1024 * 1024;
    const parts = await stagedParts(ledger, bytes);
    expect(parts).toBeGreaterThan(20);

    // The last time all parts and the seal are appended.
    for (let standing = 0; standing <= parts + 1; standing++) {
      const stream = `work-killed.${standing}`;
      const batchId = randomUUID();
      const before = await ledger.append(stream, NO_STREAM, [someEvent()]);
      const child = start('stage-and-die', file, stream, before.revision, batchId, bytes, standing);
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      expect(signal).toBe('SIGKILL');

      const events = bulkEvents(bytes, batchId);
      const isSealed = standing > parts;
      expect(await effective(ledger, stream)).toHaveLength(isSealed ? events.length : 0);
      const [last] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
      if (standing % 2 === 0) {
        await appendStaged(ledger, stream, last?.revision ?? 0, events, batchId);
        expect((await typesOf(ledger, stream)).filter((type) => type !== 'UnitsAdded')).toEqual([
          'UnitClaimed',
          BATCH_SEALED,
        ]);
      } else {
        const abandoned = await abandonUnsealed(ledger, stream, someMetadata());
        expect((await typesOf(ledger, stream)).at(-1)).toBe(isSealed ? BATCH_SEALED : BATCH_ABANDONED);
        expect(await effective(ledger, stream)).toHaveLength(isSealed ? events.length : 0);
        await appendStaged(ledger, stream, abandoned?.revision ?? last?.revision ?? 0, events, batchId);
      }
      expect((await effective(ledger, stream)).map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    }
    expect((await verifyChain(ledger)).faults).toEqual([]);
    await ledger.close();
  });

  it('shares one file among three processes', async () => {
    const file = newFile();
    const children = ['a', 'b', 'c'].map((name) => start('append-forever', file, `work-${name}.`, 8, 1, 'report'));
    await Promise.all(children.map(outputOf));
    const ledger = await SqliteLedger.open(file);
    expect(await verifyChain(ledger)).toMatchObject({ streams: 3 * 8, faults: [] });
    await ledger.close();
  });
});

const stagedParts = async (ledger: SqliteLedger, bytes: number): Promise<number> => {
  const stream = 'work-staged';
  await appendStaged(ledger, stream, NO_STREAM, bulkEvents(bytes, 'count'), 'count');
  const [sealed] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
  return (JSON.parse(sealed?.data ?? '{}') as { parts: number }).parts;
};

const typesOf = async (ledger: SqliteLedger, stream: string): Promise<readonly string[]> =>
  (await ledger.readStream(stream)).map(({ type }) => type);

/** The events of a stream that batches have made effective. */
const effective = async (ledger: SqliteLedger, stream: string): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for (const event of await ledger.readStream(stream)) {
    if (event.type !== BATCH_SEALED) continue;
    for await (const page of readSealedParts(ledger, event)) events.push(...page);
  }
  return events;
};
