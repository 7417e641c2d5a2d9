import type { NatsConnection } from '@nats-io/transport-node';
import { CHUNK_BYTES_MAX } from './chunked-messages.js';
import { type Answer, type ProcessName, query } from './contract.js';
import type { MessageCodec } from './message-codec.js';
import { connectNats } from './nats-connection.js';
import { contextFor } from './testing/bus-contract.js';
import { codecOf, makeTestKeys, type TestKeys } from './testing/message-keys.js';
import { type NatsServer, startNatsServer } from './testing/nats-server.js';
import { memoryLog } from './testing/serve-module.js';

const Ask = query<{ text: string }, { text: string }>('tasks', 'test.ask');
const dropped = 'a large message was dropped by its sender before it was fetched';

describe.each<[string, TestKeys | undefined]>([
  ['without keys', undefined],
  ['with keys', makeTestKeys()],
])('MessageCodec %s', (_title, keys) => {
  let server: NatsServer;
  const connections: NatsConnection[] = [];
  const open = async (name: ProcessName): Promise<MessageCodec> => {
    const connection = await connectNats({ NATS_URL: [server.url] }, name, memoryLog().log);
    connections.push(connection);
    return codecOf(name, connection, memoryLog().log, keys);
  };
  let service: MessageCodec;
  let gateway: MessageCodec;

  beforeAll(async () => {
    server = await startNatsServer();
    service = await open('tasks');
    gateway = await open('gateway');
  });
  afterAll(async () => {
    for (const connection of connections) await connection.close();
    await server.remove();
  });

  const reply = '_INBOX.gateway.1';
  /** An answer whose JSON has so many bytes. */
  const answerOf = (bytes: number): Answer<string> => ({ reply: 'x'.repeat(bytes - '{"reply":""}'.length) });
  const sent = (answer: Answer<string>, isSealed = false): Uint8Array =>
    service.encodeAnswer({ process: 'gateway', subject: reply, isSealed }, answer);
  const received = (bytes: Uint8Array): unknown => gateway.decodeAnswer('tasks', reply, bytes);

  it('sends what fits as it is', () => {
    const answer = answerOf(CHUNK_BYTES_MAX);
    expect(received(sent(answer))).toEqual(answer);
  });

  it.each([1, CHUNK_BYTES_MAX, 5 * CHUNK_BYTES_MAX + 7])('lets %d bytes above that be fetched', async (bytes) => {
    for (const isSealed of [false, true]) {
      const answer = answerOf(CHUNK_BYTES_MAX + bytes);
      const announced = sent(answer, isSealed);
      expect(announced.length).toBeLessThan(400);
      await expect(received(announced)).resolves.toEqual(answer);
    }
  });

  it('drops an answer once it was fetched', async () => {
    const announced = sent(answerOf(3 * CHUNK_BYTES_MAX));
    await received(announced);
    await expect(received(announced)).rejects.toThrow(dropped);
  });

  it('keeps a request for other replicas until it is released', async () => {
    const message = { context: contextFor(), request: { text: 'x'.repeat(3 * CHUNK_BYTES_MAX) } };
    const { bytes, release } = gateway.encodeRequest(Ask, reply, message);
    const decoded = async (): Promise<unknown> => (await service.decodeRequest(Ask.subject, reply, bytes)).message;
    await expect(decoded()).resolves.toEqual(message);
    await expect(decoded()).resolves.toEqual(message);
    release();
    await expect(decoded()).rejects.toThrow(dropped);
  });
});
