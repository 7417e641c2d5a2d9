import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type NatsServer, startNatsServer } from '#bus/testing/nats-server.js';
import { JetStreamBlobStore, JetStreamRequired } from '#storage/jetstream-blob-store.js';
import { blobStoreContract } from '#storage/testing/blob-store-contract.js';

const MIB = 1024 * 1024;

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

blobStoreContract('JetStream', () => JetStreamBlobStore.open(connection, randomUUID()));

describe('JetStreamBlobStore', () => {
  const bucket = 'of-its-own';

  const messages = async (): Promise<number> => {
    const manager = await jetstreamManager(connection);
    return (await manager.streams.info(`OBJ_${bucket}`)).state.messages;
  };

  it('leaves nothing behind of blobs that broke off, were replaced or deleted', async () => {
    const blobs = await JetStreamBlobStore.open(connection, bucket);
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
      const blobs = await JetStreamBlobStore.open(own, bucket);
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
    await (await JetStreamBlobStore.open(connection)).put('log/1', 'shared');
    expect(await (await JetStreamBlobStore.open(other)).getText('log/1')).toBe('shared');
    await other.close();
  });

  it('reads no further ahead than somebody takes', async () => {
    const blobs = await JetStreamBlobStore.open(connection, bucket);
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
    const blobs = await JetStreamBlobStore.open(connection, bucket);
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

  it('names what is missing when the broker has no JetStream', async () => {
    const bare = await startNatsServer({ jetStream: false });
    const stranger = await connect({ servers: bare.url });
    const refused = JetStreamBlobStore.open(stranger);
    await expect(refused).rejects.toThrow(JetStreamRequired);
    await expect(refused).rejects.toThrow(`NATS at 127.0.0.1:${bare.port} offers no JetStream`);
    await stranger.close();
    await bare.remove();
  });
});
