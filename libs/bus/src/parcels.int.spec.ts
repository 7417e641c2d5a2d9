import type { NatsConnection } from '@nats-io/transport-node';
import { connectNats } from './nats-connection.js';
import { PART_BYTES_MAX, Parcels } from './parcels.js';
import { type NatsServer, startNatsServer } from './testing/nats-server.js';
import { memoryLog } from './testing/serve-module.js';

describe('Parcels', () => {
  let server: NatsServer;
  const connections: NatsConnection[] = [];
  const open = async (): Promise<Parcels> => {
    const connection = await connectNats(server.url, 'test', memoryLog().log);
    connections.push(connection);
    return new Parcels(connection);
  };
  let sender: Parcels;
  let receiver: Parcels;

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
    const text = textOf(PART_BYTES_MAX);
    expect(receiver.open(sender.packAnswer(text))).toBe(text);
  });

  it.each([1, PART_BYTES_MAX, 5 * PART_BYTES_MAX + 7])('lets %d bytes above that be fetched', async (bytes) => {
    const text = textOf(PART_BYTES_MAX + bytes);
    const announced = sender.packAnswer(text);
    expect(announced.length).toBeLessThan(200);
    await expect(receiver.open(announced)).resolves.toBe(text);
  });

  it('drops an answer once it was fetched', async () => {
    const announced = sender.packAnswer(textOf(3 * PART_BYTES_MAX));
    await receiver.open(announced);
    await expect(receiver.open(announced)).rejects.toThrow(dropped);
  });

  it('keeps a request for other replicas until it is released', async () => {
    const text = textOf(3 * PART_BYTES_MAX);
    const { bytes, release } = sender.packRequest(text);
    await receiver.open(bytes);
    await expect(receiver.open(bytes)).resolves.toBe(text);
    release();
    await expect(receiver.open(bytes)).rejects.toThrow(dropped);
  });
});
