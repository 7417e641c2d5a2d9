import type { NatsConnection } from '@nats-io/transport-node';

/** The broker of a separate process, for uses other than messages. */
export class Broker {
  /** @param connection absent in embedded Cairn, which has no broker */
  constructor(readonly connection?: NatsConnection) {}
}
