import type { NatsConnection } from '@nats-io/transport-node';

/** The broker of a process that stands alone, for what else than messages it is good for. */
export class Broker {
  /** @param connection absent in embedded Cairn, which has no broker */
  constructor(readonly connection?: NatsConnection) {}
}
