import type { NatsConnection } from '@nats-io/transport-node';
import { CannotStart } from '#platform/cannot-start.js';
import type { Log } from '#platform/logging.js';
import type { Metrics } from '#platform/metrics.js';
import { NatsBus } from './nats-bus.js';
import type { ProcessName } from './contract.js';
import { connectNats, type NatsSettings } from './nats-connection.js';
import { ChunkedMessages } from './chunked-messages.js';

export class NatsRequired extends CannotStart {
  override readonly name = 'NatsRequired';
}

export interface Nats {
  readonly connection: NatsConnection;
  readonly messages: ChunkedMessages;
  readonly bus: NatsBus;
}

/**
 * Connection and bus of a separate process.
 *
 * @throws NatsRequired, NatsUnreachable
 */
export const openNats = async (
  settings: NatsSettings,
  name: ProcessName,
  log: Log,
  metrics: Metrics,
): Promise<Nats> => {
  if (settings.NATS_URL.length === 0) {
    throw new NatsRequired(`NATS_URL is not set, but ${name} reaches the other services over NATS only`);
  }
  const connection = await connectNats(settings, name, log);
  const messages = new ChunkedMessages(connection);
  return { connection, messages, bus: new NatsBus(connection, messages, metrics) };
};
