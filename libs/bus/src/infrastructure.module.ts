import type { NatsConnection } from '@nats-io/transport-node';
import { type DynamicModule, Module } from '@nestjs/common';
import { Ledger } from '#ledger/ledger.js';
import { Environment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { Log } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { Broker } from './broker.js';
import { Bus } from './bus.js';

export interface Infrastructure {
  readonly environment: Environment;
  /** Absent in the gateway, which holds no state. */
  readonly ledger?: Ledger;
  readonly bus: Bus;
  /** Absent in embedded Cairn. */
  readonly connection?: NatsConnection;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health: Health;
}

/** What every application needs, for injection anywhere by class: made by `main.ts`, closed by its shutdown. */
@Module({})
export class InfrastructureModule {
  static register({ environment, ledger, bus, connection, log, metrics, health }: Infrastructure): DynamicModule {
    const always = [
      { provide: Environment, useValue: environment },
      { provide: Bus, useValue: bus },
      { provide: Broker, useValue: new Broker(connection) },
      { provide: Log, useValue: log },
      { provide: Metrics, useValue: metrics },
      { provide: Health, useValue: health },
    ];
    const providers = ledger === undefined ? always : [...always, { provide: Ledger, useValue: ledger }];
    return { module: InfrastructureModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
