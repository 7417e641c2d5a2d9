import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ledger, NO_STREAM, type RecordedEvent } from '../ledger.js';
import { openLedger } from '../open-ledger.js';
import { CheckpointKey, type SignedCheckpoint } from '../proof/checkpoint.js';
import { faultOfProof, proveEvent } from '../proof/event-proof.js';
import { ledgerSource } from '../proof/event-source.js';
import { LedgerTree, MemoryHeads } from '../proof/ledger-tree.js';
import { type HistoryReport, verifyHistory } from '../proof/verify-history.js';
import { SqliteLedger } from '../sqlite-ledger.js';
import { EventStoreDbDouble } from '../testing/eventstoredb-double.js';
import { someEvent } from '../testing/new-events.js';
import { exportLedger } from '../transfer/export-ledger.js';
import { importExport } from '../transfer/import-export.js';
import { rewriteLedger } from './rewrite-ledger.js';
import { signRewrite } from './rewrites.js';

const key = CheckpointKey.make();
const NAME = 'alice.liddell';

let folder = '';
let file = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cairn-rewrite-'));
  file = join(folder, 'ledger.sqlite');
});

afterEach(() => rm(folder, { recursive: true }));

const using = async <Result>(use: (ledger: Ledger) => Promise<Result>, of = file): Promise<Result> => {
  const ledger = await SqliteLedger.open(of);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
};

const allEvents = async (ledger: Ledger): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const batch of ledger.readAll()) events.push(...batch.events);
  return events;
};

const fill = (): Promise<void> =>
  using(async (ledger) => {
    const named = (name: string) => someEvent({ username: name, note: 'x'.repeat(3000) });
    await ledger.append('work-a', NO_STREAM, [named('bob'), named(NAME), named(NAME), named('carol')]);
    await ledger.append(`user-${NAME}`, NO_STREAM, [named(NAME), someEvent({ priority: 1 })]);
    await ledger.append('work-a', 3, [named('bob')]);
  });

const rewrite = (from = NAME, to = 'person-1'): number =>
  rewriteLedger(file, {
    contained: from,
    streams: new Map([[`user-${from}`, `user-${to}`]]),
    textsOf: ({ data, metadata }) => ({ data: data.replaceAll(from, to), metadata }),
    pseudonym: to,
    sign: (record) => signRewrite(record, key),
  });

const checkpointOf = (): Promise<SignedCheckpoint> =>
  using(async (ledger) => {
    const tree = new LedgerTree(new MemoryHeads());
    for (const event of await allEvents(ledger)) tree.add(event);
    const time = '2026-01-31T12:00:00.000000Z';
    return key.sign({ ...tree.summary(), number: 1, previous: '0'.repeat(64), time });
  });

const verified = (checkpoint?: SignedCheckpoint): Promise<HistoryReport> =>
  using((ledger) =>
    verifyHistory(ledgerSource(ledger), {
      keys: [key.jwk.x],
      checkpoints: checkpoint === undefined ? [] : [{ format: 'cairn checkpoint 1', checkpoint }],
    }),
  );

const change = (sql: string): void => {
  const database = new DatabaseSync(file);
  database.exec(sql);
  database.close();
};

describe('a rewritten ledger', () => {
  it('has nothing of the name, and the hashes and checkpoints that it had', async () => {
    await fill();
    const before = await using(allEvents);
    const checkpoint = await checkpointOf();
    expect(rewrite()).toBe(4);
    const after = await using(allEvents);
    expect(after.slice(0, 7).map(({ hash }) => hash)).toEqual(before.map(({ hash }) => hash));
    expect(after.slice(0, 7).map(({ data, stream }) => `${stream} ${data}`.replaceAll('person-1', NAME))).toEqual(
      before.map(({ data, stream }) => `${stream} ${data}`),
    );
    for (const suffix of ['', '-wal']) {
      const bytes = await readFile(`${file}${suffix}`).catch(() => Buffer.alloc(0));
      expect(bytes.includes(NAME)).toBe(false);
    }
    expect(await verified(checkpoint)).toMatchObject({
      ...{ events: 8, checkpoints: 1, faults: [] },
      rewrites: [{ pseudonym: 'person-1', events: 4 }],
    });
    expect(rewrite()).toBe(0);
  });

  it('has faults when anything else is changed, in rewritten events or others', async () => {
    await fill();
    rewrite();
    const whole = await readFile(file);
    const changes: readonly [string, number][] = [
      [`UPDATE event SET data = replace(data, 'person-1', 'mallory') WHERE position = 3`, 3],
      [`UPDATE event SET data = replace(data, 'person-1', '${NAME}') WHERE position = 6`, -1],
      [`UPDATE event SET type = 'UnitFailed' WHERE position = 5`, 5],
      [`UPDATE event SET data = replace(data, 'bob', 'person-1') WHERE position = 1`, 1],
      [`UPDATE event SET hash = '${'0'.repeat(64)}' WHERE position = 3`, 3],
      [`UPDATE event SET data = replace(data, '[[2,3]', '[[1,3]') WHERE position = 8`, 2],
    ];
    for (const [sql, number] of changes) {
      await writeFile(file, whole);
      change(sql);
      const { faults } = await verified();
      if (number > 0) expect(faults).toContainEqual(expect.objectContaining({ kind: 'hash', number }));
      else expect(faults).toEqual([]);
    }
  });

  it('has faults when a record is signed by another key', async () => {
    await fill();
    const mallory = CheckpointKey.make();
    rewriteLedger(file, {
      ...{ contained: 'bob', streams: new Map(), pseudonym: 'person-2' },
      textsOf: ({ data, metadata }) => ({ data: data.replace('bob', 'person-2'), metadata }),
      sign: (record) => signRewrite(record, mallory),
    });
    const { faults } = await verified();
    expect(faults[0]).toEqual({ kind: 'rewrite', records: 1 });
    expect(faults.slice(1)).toMatchObject([{ number: 1 }, { number: 7 }]);
  });

  it('may be rewritten again, for other names', async () => {
    await fill();
    rewrite();
    expect(rewrite('bob', 'person-2')).toBe(2);
    expect(rewrite('person-1', 'person-3')).toBe(4);
    expect((await verified()).faults).toEqual([]);
    expect(() => rewrite('person-2', 'carol')).toThrow('has the name "carol" already');
    expect((await verified()).faults).toEqual([]);
  });

  it('is exported and imported as it is, into either ledger', async () => {
    await fill();
    rewrite();
    const first = join(folder, 'first');
    await using((ledger) => exportLedger(ledger, first));
    const bytes = await readFile(first, 'utf8');
    expect(bytes).not.toContain(NAME);
    const double = await EventStoreDbDouble.start();
    const targets = [
      await SqliteLedger.open(join(folder, 'target.sqlite')),
      await openLedger({ dataDir: '', eventStoreUrl: double.url }),
    ];
    try {
      for (const [index, target] of targets.entries()) {
        await importExport(first, target);
        const again = join(folder, `again-${index}`);
        await exportLedger(target, again);
        expect(await readFile(again, 'utf8')).toBe(bytes);
        expect((await verifyHistory(ledgerSource(target))).faults).toEqual([]);
      }
    } finally {
      for (const target of targets) await target.close();
      double.stop();
    }
  });

  it('is not exported into a file that still has the name', async () => {
    await using(async (ledger) => {
      const many = Array.from({ length: 1000 }, (_, n) => someEvent({ username: n === 0 ? NAME : 'bob' }));
      await ledger.append('work-a', NO_STREAM, many);
      await ledger.append('work-a', 999, [someEvent({ username: 'bob' })]);
    });
    const [old, fresh] = [join(folder, 'old.jsonl'), join(folder, 'fresh.jsonl')];
    await using((ledger) => exportLedger(ledger, old));
    rewrite('nobody', 'person-0');
    await using((ledger) => exportLedger(ledger, old));
    rewrite();
    await using(async (ledger) => {
      await expect(exportLedger(ledger, old)).rejects.toThrow('delete it, and export the ledger anew');
      await exportLedger(ledger, fresh);
      await exportLedger(ledger, fresh);
    });
    expect((await readFile(fresh, 'utf8')).includes(NAME)).toBe(false);
  });

  it('lets an event be proven with the record of its new texts', async () => {
    await fill();
    rewrite();
    const checkpoint = await checkpointOf();
    const proof = await using((ledger) =>
      proveEvent(ledgerSource(ledger), ({ stream, revision }) => stream === 'work-a' && revision === 2, checkpoint),
    );
    expect(proof.rewritten?.number).toBe(3);
    expect(faultOfProof(proof, [key.jwk.x])).toBeUndefined();
    expect(faultOfProof(proof, [CheckpointKey.make().jwk.x])).toBe('event');
    const { data } = proof.event;
    expect(faultOfProof({ ...proof, event: { ...proof.event, data: data.replace('person-1', 'bob') } })).toBe('event');
  });
});
