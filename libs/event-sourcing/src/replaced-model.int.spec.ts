import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { SeenLedger } from '#ledger/seen-ledger.js';
import { contentVersion } from './content-version.js';
import type { Projection } from './projection.js';
import { ReadModel } from './read-model.js';
import { RebuiltFiles, rebuiltFileOf, refusalFileOf } from './rebuilt-files.js';
import { commandOf, count, counters, totalOf } from './testing/counter-projection.js';
import { type Service, TestServices } from './testing/test-services.js';

const STREAM = 'work-iceprod.main.a';

/** Gives each stream a number, in the order in which it sees them. */
const numbers: Projection = {
  ...{ name: 'numbers', version: 1, streamPrefixes: ['work-'], indexes: '' },
  tables: 'CREATE TABLE number (id INTEGER PRIMARY KEY, stream TEXT NOT NULL UNIQUE) STRICT',
  numbered: { number: ['stream'] },
  attach: (database) => {
    const insert = database.prepare('INSERT OR IGNORE INTO number (stream) VALUES (?)');
    return {
      apply: ({ stream }) => {
        insert.run(stream);
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};

describe('a read model that takes over a rebuilt file', () => {
  let services: TestServices;
  let service: Service;
  let live: ReadModel;

  beforeEach(async () => {
    services = await TestServices.open();
    service = await services.start('tasks', [counters, numbers]);
    live = service.readModel;
  });

  afterEach(async () => {
    jest.useRealTimers();
    await services.close();
  });

  const add = (stream: string, amount: number) =>
    service.mailbox.execute(commandOf(count(live.writer, stream, amount)));

  const numbersIn = ({ queries }: Pick<ReadModel, 'queries'>): unknown =>
    queries.prepare('SELECT id, stream FROM number ORDER BY id').all();

  const positionOf = async (): Promise<number> => {
    const position = await services.ledger.head();
    expect(await live.waitForPosition(position, 5000)).toBe(true);
    return position;
  };

  /** As `cairn replay` makes it of the events that the live one holds. */
  const rebuilt = async (projections: readonly Projection[] = [counters, numbers]): Promise<string> => {
    const checkpoint = await positionOf();
    const revisions = live.queries.prepare('SELECT stream, revision FROM model_stream').all();
    const ledger = new SeenLedger(
      services.ledger,
      new Map(revisions.map(({ stream, revision }) => [String(stream), Number(revision)])),
    );
    const file = join(services.folder, `${randomUUID()}.sqlite`);
    const model = await ReadModel.open({ file, ledger, projections, numbersOf: services.fileOf('tasks') });
    model.start();
    await model.caughtUp();
    await model.close();
    const database = new DatabaseSync(file);
    database.prepare('UPDATE model_progress SET checkpoint = ?').run(checkpoint);
    database.close();
    return file;
  };

  /** The tables no longer say what the ledger says. */
  const forge = (): Promise<void> =>
    live.exclusive(() => {
      live.begin();
      live.writer.exec('UPDATE counter SET total = total + 1000');
      live.commit();
      return Promise.resolve();
    });

  it('mends it, and shows everything that happened meanwhile', async () => {
    for (const stream of ['work-b', 'work-a', STREAM]) await add(stream, 1);
    // Another numbering than that of the ledger's order.
    await live.exclusive(() => {
      live.begin();
      live.writer.exec('UPDATE number SET id = 12 - id');
      live.commit();
      return Promise.resolve();
    });
    await forge();
    const file = await rebuilt();
    await add(STREAM, 1);
    await add('work-c', 1);
    const before = numbersIn(live);
    const snapshot = await live.snapshots.take();
    await live.replaceBy(file);
    expect(totalOf(live.queries, STREAM)).toBe(2);
    expect(totalOf(live.queries, 'work-c')).toBe(1);
    // What others remember by number is still right.
    expect(numbersIn(live)).toEqual(before);
    // Who reads an answer of several pages sees the state of its first.
    expect(totalOf(snapshot.database, STREAM)).toBe(1002);
    live.snapshots.release(snapshot);
    const next = await live.snapshots.take();
    expect(totalOf(next.database, STREAM)).toBe(2);
    live.snapshots.release(next);
    expect(await add(STREAM, 1)).toMatchObject({ reply: { total: 3 } });
    await services.stop(service);
    const again = await services.start('tasks', [counters, numbers]);
    expect(totalOf(again.readModel.queries, STREAM)).toBe(3);
  });

  it('goes on to answer and to take changes, none of which is lost or done twice, nor ever goes back', async () => {
    await add(STREAM, 1);
    let [done, isOver] = [1, false];
    const faults: string[] = [];
    const adding = (async (): Promise<void> => {
      while (!isOver) {
        const answer = await add(STREAM, 1);
        if (!('reply' in answer)) faults.push(JSON.stringify(answer));
        done += 1;
        if (totalOf(live.queries, STREAM) < done) faults.push(`${done} were added`);
      }
    })();
    const reading = (async (): Promise<void> => {
      for (let last = 0; !isOver;) {
        const total = totalOf(live.queries, STREAM);
        if (total < last) faults.push(`${last}, then ${total}`);
        last = total;
        await delay(1);
      }
    })();
    for (let round = 0; round < 4; round++) {
      const file = await rebuilt();
      await delay(20);
      await live.replaceBy(file);
    }
    isOver = true;
    await Promise.all([adding, reading]);
    expect(faults).toEqual([]);
    expect(totalOf(live.queries, STREAM)).toBe(done);
    expect(live.queries.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  });

  it('shows the old content with the old position and version until the new one is whole', async () => {
    await add(STREAM, 1);
    await forge();
    const file = await rebuilt();
    await add(STREAM, 1);
    const other = await services.start('other');
    const before = { position: await positionOf(), version: contentVersion(live.queries), total: 1002 };
    const shown = () => ({
      ...{ position: live.checkpoint, version: contentVersion(live.queries), total: totalOf(live.queries, STREAM) },
    });
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    services.serviceLedger.reading = () => {
      begun.resolve();
      return goOn.promise;
    };
    const replaced = live.replaceBy(file);
    await begun.promise;
    const meanwhile = shown();
    // Answers begin and end meanwhile, more of them than snapshots are kept for.
    const answers: unknown[] = [];
    for (let number = 0; number < 40; number++) {
      const snapshot = await live.snapshots.take();
      answers.push([snapshot.position, totalOf(snapshot.database, STREAM)]);
      live.snapshots.release(snapshot);
    }
    const longAnswer = await live.snapshots.take();
    // Somebody else's event, which who waits for it must see.
    await other.mailbox.execute(commandOf(count(other.readModel.writer, 'work-other', 5)));
    const position = await services.ledger.head();
    const seen = live.waitForPosition(position, 5000).then((isShown) => isShown && totalOf(live.queries, 'work-other'));
    goOn.resolve();
    expect(await seen).toBe(5);
    await replaced;
    expect(meanwhile).toEqual(before);
    expect(answers).toEqual(answers.map(() => [before.position, before.total]));
    expect(totalOf(longAnswer.database, STREAM)).toBe(before.total);
    live.snapshots.release(longAnswer);
    const next = await live.snapshots.take();
    expect(totalOf(next.database, STREAM)).toBe(2);
    live.snapshots.release(next);
    expect(shown()).toMatchObject({ version: before.version + 1, total: 2 });
  });

  it('takes no file of another ledger', async () => {
    await add(STREAM, 1);
    const others = await TestServices.open();
    const another = await others.start('tasks', [counters, numbers]);
    await another.mailbox.execute(commandOf(count(another.readModel.writer, STREAM, 7)));
    await others.stop(another);
    await expect(live.replaceBy(others.fileOf('tasks'))).rejects.toThrow('it is not of this ledger');
    await others.close();
    expect(totalOf(live.queries, STREAM)).toBe(1);
  });

  it('takes no file in which a number stands for something else', async () => {
    for (const stream of [STREAM, 'work-b']) await add(stream, 1);
    const file = await rebuilt();
    const before = numbersIn(live);
    const database = new DatabaseSync(file);
    database.exec("UPDATE number SET stream = 'work-c' WHERE stream = 'work-b'");
    database.close();
    await expect(live.replaceBy(file)).rejects.toThrow('its numbers of number stand for other things');
    expect(numbersIn(live)).toEqual(before);
    expect(await add(STREAM, 1)).toMatchObject({ reply: { total: 2 } });
  });

  it('drops one with the numbers of a file that is gone', async () => {
    await add(STREAM, 1);
    const path = services.fileOf('tasks');
    renameSync(await rebuilt(), rebuiltFileOf(path));
    await services.stop(service);
    rmSync(path);
    service = await services.start('tasks', [counters, numbers]);
    expect(existsSync(rebuiltFileOf(path))).toBe(false);
    expect(totalOf(service.readModel.queries, STREAM)).toBe(1);
  });

  it('is not waited for as long as it is being made itself', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] });
    const path = services.fileOf('tasks');
    writeFileSync(rebuiltFileOf(path), '');
    const files = new RebuiltFiles(path, { behind: true, replaceBy: () => new Promise(() => undefined) });
    await jest.advanceTimersByTimeAsync(10_000);
    await files.close();
    expect(existsSync(rebuiltFileOf(path))).toBe(true);
  });

  it('takes what is laid beside its file, and says why it does not', async () => {
    await add(STREAM, 1);
    await forge();
    const path = services.fileOf('tasks');
    const [taken, other] = [await rebuilt(), await rebuilt([counters])];
    const offer = async (file: string): Promise<boolean> => {
      rmSync(refusalFileOf(path), { force: true });
      renameSync(file, rebuiltFileOf(path));
      while (existsSync(rebuiltFileOf(path))) await delay(20);
      return !existsSync(refusalFileOf(path));
    };
    const files = new RebuiltFiles(path, live);
    try {
      expect(await offer(other)).toBe(false);
      expect(totalOf(live.queries, STREAM)).toBe(1001);
      expect(await offer(taken)).toBe(true);
      expect(totalOf(live.queries, STREAM)).toBe(1);
    } finally {
      await files.close();
    }
  });
});
