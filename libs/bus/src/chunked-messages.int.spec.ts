import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from './nats-connection.js';
import { CHUNK_BYTES_MAX, ChunkedMessages } from './chunked-messages.js';
import { type NatsServer, startNatsServer } from './testing/nats-server.js';
import { memoryLog } from './testing/serve-module.js';

describe('ChunkedMessages', () => {
  let server: NatsServer;
  const connections: NatsConnection[] = [];
  const open = async (): Promise<ChunkedMessages> => {
    const connection = await connectNats({ NATS_URL: [server.url] }, 'tasks', memoryLog().log);
    connections.push(connection);
    return new ChunkedMessages(connection);
  };
  let sender: ChunkedMessages;
  let receiver: ChunkedMessages;

  beforeAll(async () => {
    server = await startNatsServer();
    sender = await open();
    receiver = await open();
  });
  afterAll(async () => {
    for (const connection of connections) await connection.close();
    await server.remove();
  });

  /** JSON text of a message that is one byte longer or shorter than one part. */
  const textOf = (bytes: number): string => 'x'.repeat(bytes - 2);
  const dropped = 'a large message was dropped by its sender before it was fetched';

  it('sends what fits as it is', () => {
    const text = textOf(CHUNK_BYTES_MAX);
    expect(receiver.decode(sender.encodeAnswer(text))).toBe(text);
  });

  it.each([1, CHUNK_BYTES_MAX, 5 * CHUNK_BYTES_MAX + 7])('lets %d bytes above that be fetched', async (bytes) => {
    const text = textOf(CHUNK_BYTES_MAX + bytes);
    const announced = sender.encodeAnswer(text);
    expect(announced.length).toBeLessThan(200);
    await expect(receiver.decode(announced)).resolves.toBe(text);
  });

  it('drops an answer once it was fetched', async () => {
    const announced = sender.encodeAnswer(textOf(3 * CHUNK_BYTES_MAX));
    await receiver.decode(announced);
    await expect(receiver.decode(announced)).rejects.toThrow(dropped);
  });

  it('keeps a request for other replicas until it is released', async () => {
    const text = textOf(3 * CHUNK_BYTES_MAX);
    const { bytes, release } = sender.encodeRequest(text);
    await receiver.decode(bytes);
    await expect(receiver.decode(bytes)).resolves.toBe(text);
    release();
    await expect(receiver.decode(bytes)).rejects.toThrow(dropped);
  });
});
