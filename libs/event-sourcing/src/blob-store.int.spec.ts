import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { connectNats } from '#bus/nats-connection.js';
import { type NatsCluster, startNatsCluster } from '#bus/testing/nats-cluster.js';
import { type NatsServer, startNatsServer } from '#bus/testing/nats-server.js';
import { memoryLog } from '#bus/testing/serve-module.js';
import { eventually } from '#platform/testing/eventually.js';
import { JetStreamBlobStore, JetStreamRequired } from '#storage/jetstream-blob-store.js';
import { blobStoreContract } from '#storage/testing/blob-store-contract.js';

const MIB = 1024 * 1024;

const open = (to: NatsConnection, bucket?: string, withinMs?: number): Promise<JetStreamBlobStore> =>
  JetStreamBlobStore.open(to, {
    log: memoryLog().log,
    ...(bucket !== undefined && { bucket }),
    ...(withinMs !== undefined && { withinMs }),
  });

let server: NatsServer;
let connection: NatsConnection;

beforeAll(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url });
});
afterAll(async () => {
  await connection.close();
  await server.remove();
});

blobStoreContract('JetStream', () => open(connection, randomUUID()));

describe('JetStreamBlobStore', () => {
  const bucket = 'of-its-own';

  const messages = async (): Promise<number> => {
    const manager = await jetstreamManager(connection);
    return (await manager.streams.info(`OBJ_${bucket}`)).state.messages;
  };

  it('leaves nothing behind of blobs that broke off, were replaced or deleted', async () => {
    const blobs = await open(connection, bucket);
    const broken = Readable.from(
      (function* () {
        for (let piece = 0; piece < 10; piece += 1) yield Buffer.alloc(100_000);
        throw new Error('The connection was lost');
      })(),
    );
    await expect(blobs.put('file', broken)).rejects.toThrow('The connection was lost');
    await blobs.put('file', 'x'.repeat(300_000));
    await blobs.put('file', 'y'.repeat(300_000));
    expect(await messages()).toBe(20);
    await blobs.delete('file');
    expect(await messages()).toBe(0);
  });

  it('says that it is not available when the broker dies while a blob is written', async () => {
    const mortal = await startNatsServer();
    const own = await connect({ servers: mortal.url, maxReconnectAttempts: -1 });
    try {
      const blobs = await open(own, bucket, 1000);
      const pieces = async function* () {
        yield Buffer.alloc(100_000);
        await mortal.stop('SIGKILL');
        yield Buffer.alloc(100_000);
      };
      await expect(blobs.put('log', Readable.from(pieces()))).rejects.toMatchObject({ kind: 'unavailable' });
    } finally {
      await own.close();
      await mortal.remove();
    }
  });

  it('is one store for all that share the broker', async () => {
    const other = await connect({ servers: server.url });
    await (await open(connection)).put('log/1', 'shared');
    expect(await (await open(other)).getText('log/1')).toBe('shared');
    await other.close();
  });

  it('reads no further ahead than somebody takes', async () => {
    const blobs = await open(connection, bucket);
    const pieces = function* () {
      for (let piece = 0; piece < 64; piece += 1) yield Buffer.alloc(MIB, piece);
    };
    await blobs.put('large', Readable.from(pieces()));
    const before = connection.stats().inBytes;
    const read = await blobs.get('large');
    const taken = read?.iterator({ destroyOnReturn: true });
    const first = (await taken?.next()) as IteratorResult<Buffer, undefined> | undefined;
    expect(first?.value?.[0]).toBe(0);
    await connection.flush();
    expect(connection.stats().inBytes - before).toBeLessThan(4 * MIB);
    await taken?.return?.();
    await blobs.delete('large');
  });

  it('reports to a reader that the blob was deleted while it was read', async () => {
    const blobs = await open(connection, bucket);
    await blobs.put('large', Readable.from([Buffer.alloc(3 * MIB)]));
    const read = await blobs.get('large');
    const taken = read?.iterator();
    await taken?.next();
    await blobs.delete('large');
    const rest = async (): Promise<void> => {
      while ((await taken?.next())?.done === false);
    };
    await expect(rest()).rejects.toThrow('was deleted while it was read');
  });

  it('asks a broker again that was too busy to answer', async () => {
    const bare = await startNatsServer({ jetStream: false });
    const [busy, stranger] = [await connect({ servers: bare.url }), await connect({ servers: bare.url })];
    busy.subscribe('$JS.API.>', { max: 1, callback: () => undefined });
    await busy.flush();
    // Asked again, it tells that it has none.
    await expect(open(stranger)).rejects.toThrow(JetStreamRequired);
    await Promise.all([busy.close(), stranger.close()]);
    await bare.remove();
  });

  it('names what is missing when the broker has no JetStream', async () => {
    const bare = await startNatsServer({ jetStream: false });
    const stranger = await connect({ servers: bare.url });
    const refused = open(stranger);
    await expect(refused).rejects.toThrow(JetStreamRequired);
    await expect(refused).rejects.toThrow(`NATS at 127.0.0.1:${bare.port} offers no JetStream`);
    await stranger.close();
    await bare.remove();
  });
});

describe('JetStreamBlobStore in a cluster', () => {
  const content = Buffer.alloc(MIB, 'clustered');
  /** Content in halves, of which the second one waits. */
  const inHalves = (meanwhile: () => Promise<void>): Readable =>
    Readable.from(
      (async function* () {
        yield content.subarray(0, MIB / 2);
        await meanwhile();
        yield content.subarray(MIB / 2);
      })(),
    );

  let cluster: NatsCluster;
  let own: NatsConnection;

  beforeAll(async () => {
    cluster = await startNatsCluster();
    own = await connectNats({ NATS_URL: cluster.urls, START_WAIT_SECONDS: 30 }, 'tasks', memoryLog().log);
  });
  afterAll(async () => {
    await own.close();
    await cluster.remove();
  });

  const openThere = (bucket: string, copies: number, connected = own): Promise<JetStreamBlobStore> =>
    JetStreamBlobStore.open(connected, { bucket, copies, withinMs: 40_000, log: memoryLog().log });

  /** How many copies there are to be, and how many servers have all of them now. */
  const copiesNow = async (bucket: string): Promise<readonly number[]> => {
    const { config, cluster: group } = await (await jetstreamManager(own)).streams.info(`OBJ_${bucket}`);
    const complete = (group?.replicas ?? []).filter(({ current, offline }) => current && !offline);
    return [config.num_replicas, complete.length + 1];
  };
  const areComplete = (bucket: string, copies: number): Promise<unknown> =>
    eventually(() => copiesNow(bucket).catch(String), [copies, copies]);

  it('makes the copies that are wanted of what is there already, and keeps them', async () => {
    await (await openThere('raised', 1)).put('log/old', content);
    await areComplete('raised', 1);
    await openThere('raised', 3);
    await areComplete('raised', 3);
    expect((await (await openThere('raised', 1)).getText('log/old'))?.length).toBe(MIB);
    await areComplete('raised', 3);
  });

  it('makes as many copies as there are servers, and says that more are wanted', async () => {
    const two = await startNatsCluster(2);
    const { log, logged } = memoryLog();
    const connected = await connectNats({ NATS_URL: two.urls, START_WAIT_SECONDS: 30 }, 'tasks', log);
    await JetStreamBlobStore.open(connected, { bucket: 'few', copies: 3, withinMs: 40_000, log });
    const { config } = await (await jetstreamManager(connected)).streams.info('OBJ_few');
    expect(config.num_replicas).toBe(2);
    expect(logged()).toContain('"copies":2,"wanted":3');
    await connected.close();
    await two.remove();
  });

  it('writes and reads on while servers are killed in turn, and starts while one is away', async () => {
    // Of its own: a server of version 2.9 that dies within a second of getting more copies may leave the others without a leader.
    const blobs = await openThere('whole', 3);
    await blobs.put('log/old', content);
    await areComplete('whole', 3);
    const keys = ['log/old'];
    const { cluster: group } = await (await jetstreamManager(own)).streams.info('OBJ_whole');
    // Named n0 to n2. A new leader is chosen when the first of these dies.
    const leader = Number(group?.leader?.slice(1));
    const mortals = [leader, (leader + 1) % 3].flatMap((number) => cluster.servers[number] ?? []);
    expect(mortals.length).toBe(2);
    for (const [index, server] of mortals.entries()) {
      const reading = (await blobs.get('log/old'))?.iterator();
      const pieces = [((await reading?.next()) as IteratorResult<Buffer, undefined>).value ?? Buffer.alloc(0)];
      await blobs.put(
        `log/${index}`,
        inHalves(() => server.stop('SIGKILL')),
      );
      keys.push(`log/${index}`);
      for (let next = await reading?.next(); next?.done === false; next = await reading?.next()) {
        pieces.push(next.value as Buffer);
      }
      expect(Buffer.concat(pieces).equals(content)).toBe(true);
      if (index === 0) {
        const late = await connectNats({ NATS_URL: cluster.urls }, 'datasets', memoryLog().log);
        expect((await (await openThere('whole', 3, late)).getText('log/old'))?.length).toBe(MIB);
        await late.close();
      }
      await server.restart();
      await areComplete('whole', 3);
    }
    for (const key of keys) expect((await blobs.getText(key))?.length).toBe(MIB);
  }, 180_000);
});
