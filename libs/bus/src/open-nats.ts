import type { NatsConnection } from '@nats-io/transport-node';
import { CannotStart } from '#platform/cannot-start.js';
import type { Environment } from '#platform/environment.js';
import type { Log } from '#platform/logging.js';
import type { Metrics } from '#platform/metrics.js';
import { ChunkedMessages } from './chunked-messages.js';
import type { ProcessName } from './contract.js';
import { MessageCodec } from './message-codec.js';
import { MessageFrames } from './message-frames.js';
import { type MessageKeySettings, readMessageKeys } from './message-keys.js';
import { NatsBus } from './nats-bus.js';
import { connectNats, type NatsSettings } from './nats-connection.js';

export class NatsRequired extends CannotStart {
  override readonly name = 'NatsRequired';
}

export interface Nats {
  readonly connection: NatsConnection;
  readonly codec: MessageCodec;
  readonly bus: NatsBus;
}

const THIS_HOST = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** @throws CannotStart when messages would cross the network without protection */
const acceptNoKeys = (settings: NatsSettings & Pick<Environment, 'BUS_INSECURE'>, log: Log): void => {
  const hosts = settings.NATS_URL.map((url) => new URL(url).hostname);
  const isLocal = hosts.every((host) => THIS_HOST.test(host));
  if (!isLocal && settings.BUS_INSECURE === 'off') {
    throw new CannotStart(
      `BUS_PRIVATE_KEY is not set: whoever reaches NATS at ${hosts.join(', ')} could act as any user and read passwords; ` +
        'make keys by cairn bus keys, or set BUS_INSECURE=on',
    );
  }
  log.warn(
    {},
    'messages over NATS are not protected: whoever reaches the broker can act as any user (BUS_PRIVATE_KEY)',
  );
};

/**
 * Connection and bus of a separate process.
 *
 * @throws NatsRequired, NatsUnreachable; CannotStart when keys are missing or unusable
 */
export const openNats = async (
  settings: NatsSettings & MessageKeySettings & Pick<Environment, 'BUS_INSECURE'>,
  name: ProcessName,
  log: Log,
  metrics: Metrics,
): Promise<Nats> => {
  if (settings.NATS_URL.length === 0) {
    throw new NatsRequired(`NATS_URL is not set, but ${name} reaches the other services over NATS only`);
  }
  const keys = readMessageKeys(settings, name);
  if (keys === undefined) acceptNoKeys(settings, log);
  const connection = await connectNats(settings, name, log);
  const codec = new MessageCodec(new MessageFrames(name, keys, log), new ChunkedMessages(connection, name));
  return { connection, codec, bus: new NatsBus(connection, codec, name, metrics) };
};
