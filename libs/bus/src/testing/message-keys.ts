import { generateKeyPairSync } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Log } from '#platform/logging.js';
import { ChunkedMessages } from '../chunked-messages.js';
import { perProcess, type ProcessName } from '../contract.js';
import { MessageCodec } from '../message-codec.js';
import { MessageFrames } from '../message-frames.js';
import type { MessageKeys } from '../message-keys.js';

export type TestKeys = Readonly<Record<ProcessName, MessageKeys>>;

/** Fresh keys of all processes. */
export const makeTestKeys = (): TestKeys => {
  const pairs = perProcess(() => generateKeyPairSync('x25519'));
  const of = perProcess((name) => [pairs[name].publicKey]);
  return perProcess((name) => ({ name, own: [pairs[name].privateKey], of }));
};

/** What a process encodes its messages with. */
export const codecOf = (name: ProcessName, connection: NatsConnection, log: Log, keys?: TestKeys): MessageCodec =>
  new MessageCodec(new MessageFrames(name, keys?.[name], log), new ChunkedMessages(connection, name));
