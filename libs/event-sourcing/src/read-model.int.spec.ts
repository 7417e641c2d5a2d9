import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import fc from 'fast-check';
import { type NewEvent, NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import type { Projection } from './projection.js';
import { answerWhenReached } from './position-controller.js';
import { ReadModel } from './read-model.js';
import { commandOf, count, counters, dump, totalOf } from './testing/counter-projection.js';
import { TestServices } from './testing/test-services.js';

const STREAM = 'work-iceprod.main.a';

const event = (type: string, data: object): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: { timeMicros: 1, actor: 'bob', dialect: 'iceprod', correlationId: 'c', causationId: 'c', schemaVersion: 1 },
});

const counted = (amount: number): NewEvent => event('Counted', { amount });

/** Keeps sums of whole numbers for the end of the transaction. */
const sums = (): Projection => ({
  ...{ name: 'sums', version: 1, streamPrefixes: ['work-'] },
  ...{ tables: 'CREATE TABLE sums (n INTEGER NOT NULL) STRICT', indexes: '' },
  attach: (database) => {
    let kept = 0;
    const insert = database.prepare('INSERT INTO sums (n) VALUES (?)');
    return {
      apply: ({ data }) => void (kept += Number(data['amount'])),
      flush: () => {
        if (kept > 0) insert.run(kept);
        kept = 0;
      },
      forget: () => void (kept = 0),
    };
  },
});

const setCheckpoint = (file: string, position: number): void => {
  const database = new DatabaseSync(file);
  database.prepare('UPDATE model_progress SET checkpoint = ?').run(position);
  database.close();
};

describe('ReadModel', () => {
  let services: TestServices;

  beforeEach(async () => {
    services = await TestServices.open();
  });

  afterEach(() => services.close());

  it('has caught up with what stood in the ledger, and follows from there', async () => {
    await services.ledger.append(STREAM, NO_STREAM, [counted(1), counted(2)]);
    const { readModel } = await services.start('tasks');
    expect(totalOf(readModel.queries, STREAM)).toBe(3);
    const { position } = await services.ledger.append(STREAM, 1, [counted(4)]);
    expect(await readModel.waitForPosition(position, 5000)).toBe(true);
    expect(totalOf(readModel.queries, STREAM)).toBe(7);
    expect(readModel.revisionOf(STREAM)).toBe(2);
  });

  it('reaches positions of events that it does not want', async () => {
    const { readModel } = await services.start('tasks');
    const { position } = await services.ledger.append('user-alice', NO_STREAM, [counted(1)]);
    expect(await answerWhenReached(readModel, position)).toEqual({ reply: {} });
  });

  it('says so when a position is not reached in time', async () => {
    const { readModel } = await services.start('tasks');
    expect(await readModel.waitForPosition(1_000_000, 5)).toBe(false);
    expect(await answerWhenReached({ waitForPosition: () => Promise.resolve(false) }, 1)).toMatchObject({
      error: { kind: 'unavailable' },
    });
  });

  it('applies the events of other services in few transactions, but at once when somebody waits for them', async () => {
    const { readModel } = await services.start('tasks');
    const commitsBefore = readModel.commits;
    const startedMs = performance.now();
    let position = 0;
    for (let revision = NO_STREAM; revision < 49; revision++) {
      ({ position } = await services.ledger.append(STREAM, revision, [counted(1)]));
    }
    const elapsedMs = performance.now() - startedMs;
    expect(await readModel.waitForPosition(position, 5000)).toBe(true);
    expect(totalOf(readModel.queries, STREAM)).toBe(50);
    // One transaction per delay of 25 ms, and two for the last events.
    expect(readModel.commits - commitsBefore).toBeLessThanOrEqual(elapsedMs / 20 + 2);
  });

  it('has what a projection has kept back written before each commit', async () => {
    await services.ledger.append(STREAM, NO_STREAM, [counted(1), counted(2)]);
    const { mailbox, readModel } = await services.start('tasks', [sums()]);
    const rows = (): unknown => readModel.queries.prepare('SELECT n FROM sums').all();
    expect(rows()).toEqual([{ n: 3 }]);
    const events = [3, 4].map((amount) => ({ stream: STREAM, type: 'Counted', data: { amount } }));
    await mailbox.execute(commandOf(() => ({ events, reply: {} })));
    expect(rows()).toEqual([{ n: 3 }, { n: 7 }]);
  });

  it('leaves out only events whose effects cannot be written at the end of a transaction', async () => {
    await services.ledger.append(STREAM, NO_STREAM, [counted(1), counted(0.5), counted(2)]);
    const { mailbox, readModel } = await services.start('tasks', [sums()]);
    const total = (): unknown => readModel.queries.prepare('SELECT sum(n) AS total FROM sums').get();
    expect(total()).toEqual({ total: 3 });
    const answers = await Promise.all(
      [4, 0.5, 8].map((amount) =>
        mailbox.execute(
          commandOf(() => ({ events: [{ stream: STREAM, type: 'Counted', data: { amount } }], reply: {} })),
        ),
      ),
    );
    expect(answers).toMatchObject([{ reply: {} }, { error: { kind: 'internal' } }, { reply: {} }]);
    expect(await services.ledger.readStream(STREAM)).toHaveLength(5);
    expect(total()).toEqual({ total: 15 });
    const { position } = await services.ledger.append(STREAM, 4, [counted(0.5), counted(16)]);
    expect(await readModel.waitForPosition(position, 5000)).toBe(true);
    expect(total()).toEqual({ total: 31 });
  });

  it('continues where it stopped', async () => {
    const first = await services.start('tasks');
    const { position } = await services.ledger.append(STREAM, NO_STREAM, [counted(1)]);
    await first.readModel.waitForPosition(position, 5000);
    await services.stop(first);
    await services.ledger.append(STREAM, 0, [counted(1)]);
    const { readModel } = await services.start('tasks');
    expect(totalOf(readModel.queries, STREAM)).toBe(2);
  });

  it('applies each event once although the checkpoint saved before a crash is behind the tables', async () => {
    const first = await services.start('tasks');
    for (const amount of [1, 2]) {
      await first.mailbox.execute(commandOf(count(first.readModel.writer, STREAM, amount)));
    }
    await services.stop(first);
    setCheckpoint(services.fileOf('tasks'), 0);
    const { readModel } = await services.start('tasks');
    expect(totalOf(readModel.queries, STREAM)).toBe(3);
    expect(readModel.checkpoint).toBe(2);
  });

  it('replays to the same tables as were made live, whatever the order of commands and foreign events', async () => {
    const streams = ['work-a', 'work-b', 'work-c'];
    const step = fc.record({
      stream: fc.constantFrom(...streams),
      amount: fc.integer({ min: -20, max: 20 }),
      foreign: fc.boolean(),
      together: fc.boolean(),
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const name = `run-${run++}`;
        const live = await services.start(name);
        const answers: Promise<unknown>[] = [];
        for (const { stream, amount, foreign, together } of steps) {
          const revision = (await services.ledger.readStream(stream, { direction: 'backwards', limit: 1 }))[0]
            ?.revision;
          answers.push(
            foreign
              ? services.ledger.append(stream, revision ?? NO_STREAM, [counted(amount)]).catch(() => 'came too late')
              : live.mailbox.execute(commandOf(count(live.readModel.writer, stream, amount), randomUUID())),
          );
          if (!together) await Promise.all(answers);
        }
        await Promise.all(answers);
        expect(await live.readModel.waitForPosition(await services.ledger.head(), 5000)).toBe(true);
        const replayed = await services.start(`${name}-replayed`);
        expect(dump(replayed.readModel.queries)).toEqual(dump(live.readModel.queries));
        await services.stop(replayed);
        await services.stop(live);
      }),
      { numRuns: 15 },
    );
  });

  describe('is made again from the ledger', () => {
    let before: unknown;

    beforeEach(async () => {
      const service = await services.start('tasks');
      for (const amount of [1, 2, 3]) {
        await service.mailbox.execute(commandOf(count(service.readModel.writer, STREAM, amount)));
      }
      before = dump(service.readModel.queries);
      await services.stop(service);
    });

    it('when the file is not usable', async () => {
      writeFileSync(services.fileOf('tasks'), 'no database');
      expect(dump((await services.start('tasks')).readModel.queries)).toEqual(before);
    });

    it('when a rebuild was interrupted', async () => {
      const database = new DatabaseSync(services.fileOf('tasks'));
      database.exec('UPDATE model_progress SET complete = 0; UPDATE counter SET total = 1000');
      database.close();
      expect(dump((await services.start('tasks')).readModel.queries)).toEqual(before);
    });

    it('when a projection has another version', async () => {
      const database = new DatabaseSync(services.fileOf('tasks'));
      database.exec('UPDATE counter SET total = 1000');
      database.close();
      const same = await services.start('tasks');
      expect(totalOf(same.readModel.queries, STREAM)).toBe(1000);
      await services.stop(same);
      const newer = await services.start('tasks', [{ ...counters, version: 2 }]);
      expect(dump(newer.readModel.queries)).toEqual(before);
    });

    it('when the ledger has lost its last events, even if the saved checkpoint is older', async () => {
      const restored = await SqliteLedger.open(join(services.folder, 'restored.sqlite'));
      const events = await services.ledger.readStream(STREAM, { limit: 2 });
      await restored.append(
        STREAM,
        NO_STREAM,
        events.map(({ id, type, data, metadata }) => ({
          id,
          type,
          data: JSON.parse(data) as object,
          metadata: JSON.parse(metadata) as NewEvent['metadata'],
        })),
      );
      setCheckpoint(services.fileOf('tasks'), 1);
      const readModel = await ReadModel.open({
        file: services.fileOf('tasks'),
        ledger: restored,
        projections: [counters],
      });
      readModel.start();
      await readModel.caughtUp();
      expect(totalOf(readModel.queries, STREAM)).toBe(3);
      await readModel.close();
      await restored.close();
    });

    it('when the ledger is another one', async () => {
      const other = await SqliteLedger.open(join(services.folder, 'other.sqlite'));
      await other.append(STREAM, NO_STREAM, [counted(10), counted(20), counted(30), counted(40)]);
      const readModel = await ReadModel.open({
        file: services.fileOf('tasks'),
        ledger: other,
        projections: [counters],
      });
      readModel.start();
      await readModel.caughtUp();
      expect(totalOf(readModel.queries, STREAM)).toBe(100);
      await readModel.close();
      await other.close();
    });
  });

  it('has one owner: nobody else opens its file until that one has closed it', async () => {
    const options = { file: services.fileOf('tasks'), ledger: services.ledger, projections: [counters] };
    const owner = await services.start('tasks');
    await expect(ReadModel.open(options)).rejects.toThrow(/^another process uses .*tasks\.sqlite; stop it/);
    await services.stop(owner);
    await (await ReadModel.open(options)).close();
  });

  it('skips an event that a projection cannot take, and goes on', async () => {
    await services.ledger.append(STREAM, NO_STREAM, [counted(1), event('Exploded', {}), counted(2)]);
    const { readModel } = await services.start('tasks');
    expect(totalOf(readModel.queries, STREAM)).toBe(3);
    const { position } = await services.ledger.append(STREAM, 2, [event('Exploded', {}), counted(4)]);
    expect(await readModel.waitForPosition(position, 5000)).toBe(true);
    expect(totalOf(readModel.queries, STREAM)).toBe(7);
  });

  it('lifts events of older schema versions', async () => {
    await services.ledger.append(STREAM, NO_STREAM, [event('Counted', { number: 5 })]);
    const readModel = await ReadModel.open({
      file: services.fileOf('lifting'),
      ledger: services.ledger,
      projections: [counters],
      lifts: { Counted: [({ number }) => ({ amount: number })] },
    });
    readModel.start();
    await readModel.caughtUp();
    expect(totalOf(readModel.queries, STREAM)).toBe(5);
    await readModel.close();
  });

  it('applies long work in slices that nobody sees the inside of', async () => {
    const slow: Projection = {
      ...counters,
      name: 'slow',
      attach: (database) => {
        const add = database.prepare('INSERT INTO counter (stream, total, events) VALUES (?, 1, 1)');
        return {
          *apply() {
            const untilMs = performance.now() + 60;
            add.run('first half');
            while (performance.now() < untilMs) yield;
            add.run('second half');
          },
          forget: () => {
            // There is no state besides the tables.
          },
        };
      },
    };
    const { readModel } = await services.start('slow', [slow]);
    const shown = new Set<unknown>();
    let turns = 0;
    const rows = readModel.queries.prepare('SELECT count(*) AS rows FROM counter');
    const { position } = await services.ledger.append(STREAM, NO_STREAM, [counted(1)]);
    const progress = { done: false };
    const reached = readModel.waitForPosition(position, 10_000).finally(() => {
      progress.done = true;
    });
    while (!progress.done) {
      turns++;
      shown.add(rows.get()?.['rows']);
      await new Promise((resume) => setImmediate(resume));
    }
    expect(await reached).toBe(true);
    shown.add(rows.get()?.['rows']);
    expect([...shown]).toEqual([0, 2]);
    expect(turns).toBeGreaterThanOrEqual(3);
  });

  it('does not keep the process busy after its ledger was closed', async () => {
    const { serviceLedger, ledger } = services;
    let subscriptions = 0;
    const subscribe = serviceLedger.subscribe.bind(serviceLedger);
    serviceLedger.subscribe = (...parameters) => {
      subscriptions++;
      return subscribe(...parameters);
    };
    const service = await services.start('pilots');
    await ledger.close();
    const timer = Promise.withResolvers<void>();
    setTimeout(timer.resolve, 300);
    await timer.promise;
    expect(subscriptions).toBeLessThan(10);
    await services.stop(service);
  });
});
