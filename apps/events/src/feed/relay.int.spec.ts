import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager, type JetStreamManager, type StoredMsg } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type NatsServer, startNatsServer } from '#bus/testing/nats-server.js';
import { memoryLog } from '#bus/testing/serve-module.js';
import { cloudEvent } from '#contracts/cairn/event-envelope.js';
import { effectiveEvents } from '#event-sourcing/effective-events.js';
import { textOfCursor } from '#event-sourcing/history-cursor.js';
import { type Ledger, type NewEvent, NO_STREAM } from '#ledger/ledger.js';
import { openLedger } from '#ledger/open-ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { appendStaged } from '#ledger/staged-batch.js';
import { EventStoreDbDouble } from '#ledger/testing/eventstoredb-double.js';
import { bulkEvents, someEvent, someMetadata } from '#ledger/testing/new-events.js';
import { eventually } from '#platform/testing/eventually.js';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { HistoryIndex } from '../index/history-index.js';
import { FEED_STREAM } from './feed-stream.js';
import { Relay } from './relay.js';

const LIMITS = { days: 1, mibMax: 64, copies: 3 };
const STREAM = 'work-iceprod.main.a';

interface Told {
  readonly id: string;
  readonly cursor: string;
  readonly text: string;
}

describe('the relay', () => {
  let folder: string;
  let server: NatsServer;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  let ledger: SqliteLedger;
  let keyValueStore: SqliteKeyValueStore;
  const relays: Relay[] = [];

  const begin = (of: Ledger = ledger): Relay => {
    const relay = new Relay({ ledger: of, connection, keyValueStore, limits: LIMITS, log: memoryLog().log });
    relays.push(relay);
    relay.onApplicationBootstrap();
    return relay;
  };

  const append = async (count: number, to: Ledger = ledger): Promise<readonly NewEvent[]> => {
    const [last] = await to.readStream(STREAM, { direction: 'backwards', limit: 1 });
    const events = Array.from({ length: count }, () => someEvent());
    await to.append(STREAM, last?.revision ?? NO_STREAM, events);
    return events;
  };

  const history = async (of: Ledger = ledger): Promise<readonly Told[]> => {
    const told: Told[] = [];
    for await (const { events } of effectiveEvents(of)) {
      for (const { event, cursor } of events) {
        const text = textOfCursor(cursor);
        told.push({ id: event.id, cursor: text, text: cloudEvent(event, text) });
      }
    }
    return told;
  };

  const feed = async (from = 1): Promise<readonly Told[]> => {
    const { last_seq: last } = (await manager.streams.info(FEED_STREAM)).state;
    const messages: StoredMsg[] = [];
    for (let seq = from; seq <= last; seq += 1) {
      const message = await manager.streams.getMessage(FEED_STREAM, { seq });
      if (message !== null) messages.push(message);
    }
    return messages.map(({ header, data }) => ({
      id: header.get('Nats-Msg-Id'),
      cursor: header.get('Cairn-Cursor'),
      text: Buffer.from(data).toString(),
    }));
  };

  const untilAllIsTold = async (of: Ledger = ledger): Promise<void> => {
    const { length } = await history(of);
    await eventually(
      async () => (await manager.streams.info(FEED_STREAM).catch(() => undefined))?.state.last_seq,
      length,
    );
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-relay-'));
    server = await startNatsServer();
    connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    manager = await jetstreamManager(connection);
    ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    keyValueStore = new SqliteKeyValueStore(join(folder, 'kv.sqlite'));
  });
  afterEach(async () => {
    await Promise.all(relays.splice(0).map((relay) => relay.onModuleDestroy()));
    await connection.close();
    await ledger.close();
    await keyValueStore.close();
    await server.remove();
    rmSync(folder, { recursive: true });
  });

  it('tells the history in its order, batches where they were sealed', async () => {
    await append(3);
    await appendStaged(ledger, 'work-torc.main.b', NO_STREAM, bulkEvents(1_200_000, 'c'), 'batch');
    begin();
    await append(2);
    await untilAllIsTold();
    await append(2);
    await untilAllIsTold();
    expect(await feed()).toEqual(await history());
  });

  it('tells the history of EventStoreDB, where positions have gaps and subscriptions break', async () => {
    const double = await EventStoreDbDouble.start();
    const own = await openLedger({ dataDir: '', eventStoreUrl: double.url });
    try {
      await append(3, own);
      await begin(own).onModuleDestroy();
      const relay = begin(own);
      await appendStaged(own, 'work-torc.main.b', NO_STREAM, bulkEvents(1_200_000, 'c'), 'batch');
      for (let round = 0; round < 3; round += 1) {
        double.dropSubscriptions();
        await append(100, own);
        await untilAllIsTold(own);
      }
      const all = await history(own);
      expect(await feed()).toEqual(all);
      // The index, of which audit, timelines and filters get their events.
      const index = await HistoryIndex.open({ file: join(folder, 'history.sqlite'), ledger: own });
      await index.caughtUp();
      const found: string[] = [];
      for await (const { entries } of index.entries({ order: 'oldest' })) {
        found.push(...entries.map(({ cursor }) => textOfCursor(cursor)));
      }
      await index.close();
      expect(found).toEqual(all.map(({ cursor }) => cursor));
      await relay.onModuleDestroy();
    } finally {
      await own.close();
      double.stop();
    }
  });

  it('goes on behind the last event after the death of the relay or of the broker', async () => {
    await append(5);
    const first = begin();
    await untilAllIsTold();
    await first.onModuleDestroy();
    await append(5);
    begin();
    await untilAllIsTold();
    await server.stop('SIGKILL');
    await append(5);
    await server.restart();
    await untilAllIsTold();
    expect(await feed()).toEqual(await history());
  });

  it('tells every event once and in order, however many relays there are and whatever is killed', async () => {
    begin();
    for (let round = 0; round < 8; round += 1) {
      await append(100);
      const relay = begin();
      await append(100);
      if (round % 3 === 2) await server.stop('SIGKILL');
      await append(50);
      if (round % 3 === 2) await server.restart();
      if (round % 2 === 1) await relay.onModuleDestroy();
    }
    await untilAllIsTold();
    expect(await feed()).toEqual(await history());
  });

  it('goes on where it was when the feed has grown too old to have a message left', async () => {
    await append(6);
    await begin().onModuleDestroy();
    await begin().onModuleDestroy();
    begin();
    await untilAllIsTold();
    await Promise.all(relays.splice(0).map((relay) => relay.onModuleDestroy()));
    await manager.streams.purge(FEED_STREAM);
    await append(4);
    begin();
    await untilAllIsTold();
    expect(await feed(7)).toEqual((await history()).slice(6));
  });

  it.each([
    ['it was not noted', undefined],
    ['an earlier version has noted it, without the event', '6 6'],
  ])('finds its place by counting when %s', async (_, note) => {
    await append(6);
    const relay = begin();
    await untilAllIsTold();
    await relay.onModuleDestroy();
    if (note === undefined) await keyValueStore.delete('feed/stored');
    else await keyValueStore.put('feed/stored', note, { durability: 'process' });
    await manager.streams.purge(FEED_STREAM);
    await append(4);
    begin();
    await untilAllIsTold();
    expect(await feed(7)).toEqual((await history()).slice(6));
  });

  it('goes on in a ledger that has moved, where events have other positions', async () => {
    const events = await append(3);
    const relay = begin();
    await untilAllIsTold();
    await relay.onModuleDestroy();
    const moved = await SqliteLedger.open(join(folder, 'moved.sqlite'));
    try {
      // Nobody sees the part of a batch that was not sealed.
      const part = { ...someEvent(), metadata: { ...someMetadata(), batch: { id: 'torn', part: 0 } } };
      await moved.append('work-iceprod.main.torn', NO_STREAM, [part]);
      await moved.append(STREAM, NO_STREAM, events);
      const more = await append(2, moved);
      const other = begin(moved);
      await eventually(
        async () => (await feed()).map(({ id }) => id),
        [...events, ...more].map(({ id }) => id),
      );
      await other.onModuleDestroy();
    } finally {
      await moved.close();
    }
  });

  it('finds its place in a ledger that has moved when no message is left', async () => {
    const torn = { ...someEvent(), metadata: { ...someMetadata(), batch: { id: 'torn', part: 0 } } };
    await ledger.append('work-iceprod.main.torn', NO_STREAM, [torn]);
    const events = await append(3);
    const relay = begin();
    await untilAllIsTold();
    await relay.onModuleDestroy();
    await manager.streams.purge(FEED_STREAM);
    const moved = await SqliteLedger.open(join(folder, 'moved.sqlite'));
    try {
      await moved.append(STREAM, NO_STREAM, events);
      const more = await append(2, moved);
      const other = begin(moved);
      await eventually(
        async () => (await feed(4)).map(({ id }) => id),
        more.map(({ id }) => id),
      );
      await other.onModuleDestroy();
    } finally {
      await moved.close();
    }
  });

  it.each([
    ['', false],
    [' that has no messages left', true],
  ])('does not mix the history with a feed of another ledger%s', async (_, isPurged) => {
    await append(3);
    const relay = begin();
    await untilAllIsTold();
    await relay.onModuleDestroy();
    if (isPurged) await manager.streams.purge(FEED_STREAM);
    const other = await SqliteLedger.open(join(folder, 'other.sqlite'));
    try {
      await append(5, other);
      const foreign = begin(other);
      await eventually(() => {
        try {
          foreign.check();
          return '';
        } catch (error) {
          return String(error);
        }
      }, expect.stringContaining('message 3 of CAIRN_EVENTS is not event 3 of this ledger'));
      await foreign.onModuleDestroy();
    } finally {
      await other.close();
    }
    expect((await manager.streams.info(FEED_STREAM)).state.last_seq).toBe(3);
  });

  it('says when the broker has no JetStream', async () => {
    const plain = await startNatsServer({ jetStream: false });
    const own = await connect({ servers: plain.url });
    const { log, logged } = memoryLog();
    const relay = new Relay({ ledger, connection: own, keyValueStore, limits: LIMITS, log });
    try {
      relay.onApplicationBootstrap();
      await eventually(() => logged(), expect.stringContaining('JetStream'));
      expect(() => relay.check()).toThrow('offers no JetStream, where the feed is; start nats-server with -js');
    } finally {
      await relay.onModuleDestroy();
      await own.close();
      await plain.remove();
    }
  });

  it('changes the limits of a feed that exists', async () => {
    await append(1);
    const relay = begin();
    await untilAllIsTold();
    await relay.onModuleDestroy();
    const { log } = memoryLog();
    const other = new Relay({ ledger, connection, keyValueStore, limits: { ...LIMITS, days: 2 }, log });
    relays.push(other);
    other.onApplicationBootstrap();
    await eventually(
      async () => (await manager.streams.info(FEED_STREAM)).config.max_age,
      2 * 24 * 3600 * 1_000_000_000,
    );
  });
});
