import { generateKeyPairSync } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Log } from '#platform/logging.js';
import { ChunkedMessages } from '../chunked-messages.js';
import type { ProcessName } from '../contract.js';
import { MessageCodec } from '../message-codec.js';
import { MessageFrames } from '../message-frames.js';
import type { MessageKeys } from '../message-keys.js';

export type TestKeys = Readonly<Record<ProcessName, MessageKeys>>;

/** Fresh keys of all processes. */
export const makeTestKeys = (): TestKeys => {
  const pair = () => generateKeyPairSync('x25519');
  const pairs = { gateway: pair(), datasets: pair(), tasks: pair(), pilots: pair(), events: pair(), auth: pair() };
  const publicKeys = {
    gateway: [pairs.gateway.publicKey],
    datasets: [pairs.datasets.publicKey],
    tasks: [pairs.tasks.publicKey],
    pilots: [pairs.pilots.publicKey],
    events: [pairs.events.publicKey],
    auth: [pairs.auth.publicKey],
  };
  const keysOf = (name: ProcessName): MessageKeys => ({ name, own: [pairs[name].privateKey], of: publicKeys });
  return {
    gateway: keysOf('gateway'),
    datasets: keysOf('datasets'),
    tasks: keysOf('tasks'),
    pilots: keysOf('pilots'),
    events: keysOf('events'),
    auth: keysOf('auth'),
  };
};

/** What a process encodes its messages with. */
export const codecOf = (name: ProcessName, connection: NatsConnection, log: Log, keys?: TestKeys): MessageCodec =>
  new MessageCodec(new MessageFrames(name, keys?.[name], log), new ChunkedMessages(connection, name));
