import 'reflect-metadata';
import {
  type DynamicModule,
  type INestApplicationContext,
  type INestMicroservice,
  Module,
  type Type,
} from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import type { Bus } from '#bus/bus.js';
import { connectInProcess } from '#bus/connect-in-process.js';
import { createService } from '#bus/create-service.js';
import { InProcessStrategy } from '#bus/in-process.strategy.js';
import { InfrastructureModule } from '#bus/infrastructure.module.js';
import type { PastLedger } from '#ledger/past-ledger.js';
import { DomainError } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { type Log, NestLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import type { BlobStore } from '#storage/blob-store.js';
import { ReadOnlyBlobStore } from '#storage/read-only-blob-store.js';
import { DIALECTS } from '../../../gateway/src/dialects.js';
import { createHttpAdapter } from '../../../gateway/src/edge/http-adapter.js';
import { RevocationFeed } from '../../../gateway/src/edge/revocation-feed.js';
import { GatewayModule } from '../../../gateway/src/gateway.module.js';
import { prepareGateway } from '../../../gateway/src/prepare-gateway.js';
import { PastBus } from './past-bus.js';

/** Where a past Cairn is made. */
export interface PastPlace {
  /** Of the Cairn whose past it is. */
  readonly environment: Environment;
  /** Of that Cairn as well: they are read, and not changed. */
  readonly blobs: BlobStore;
  /** The data folder of the past Cairn. */
  readonly folder: string;
  readonly log: Log;
  /** Says why nothing can be changed. */
  readonly refusal: string;
}

export interface PastOptions extends PastPlace {
  /** Not needed without services. */
  readonly ledger?: PastLedger;
  /** Modules of the services; the gateway is always there. */
  readonly services: readonly Type[];
  /** Where the gateway's questions go. */
  readonly strategy?: InProcessStrategy;
  /** Runs for each request whose caller may make it. */
  readonly guard?: onRequestHookHandler;
}

@Module({})
class PastModule {
  static of(imports: readonly (Type | DynamicModule)[], blobs: ReadOnlyBlobStore): DynamicModule {
    const provided = { provide: ReadOnlyBlobStore, useValue: blobs };
    return { module: PastModule, global: true, imports: [...imports], providers: [provided], exports: [provided] };
  }
}

/** Nothing is done by itself, but that the gateway asks for the revocations of today. */
const keepQuiet = (app: INestApplicationContext): void => {
  for (const { providers, controllers } of app.get(ModulesContainer).values()) {
    for (const { instance } of [...providers.values(), ...controllers.values()]) {
      if (typeof instance !== 'object' || instance === null || !('onApplicationBootstrap' in instance)) continue;
      if (instance instanceof RevocationFeed) continue;
      Object.assign(instance, { onApplicationBootstrap: () => undefined });
    }
  }
};

/** What the parts of a past Cairn have in common. */
const foundationsOf = (
  { environment: present, blobs, folder, log, refusal: text }: PastPlace,
  strategy: InProcessStrategy,
  ledger?: PastLedger,
) => {
  const own = { CAIRN_DATA_DIR: folder, CAIRN_AUTOMATION: ['off'], CAIRN_PANDA_CONFIG: undefined };
  const environment = Object.assign(new Environment(), present, own);
  const refusal = new DomainError('unavailable', 'past.read-only', text);
  const [metrics, health] = [new Metrics(), new Health()];
  const bus = new PastBus(strategy, refusal, metrics);
  const given = { environment, bus, log, metrics, health, ...(ledger !== undefined && { ledger }) };
  const infrastructure = InfrastructureModule.register(given);
  const readOnly = new ReadOnlyBlobStore(blobs, refusal);
  const moduleOf = (parts: readonly Type[]): DynamicModule => PastModule.of([infrastructure, ...parts], readOnly);
  return { environment, bus, moduleOf };
};

/**
 * Cairn as it was where a {@link PastLedger} ends: it answers as it answered then, and refuses changes. It is initialized, and does not
 * listen.
 */
export const startPast = async (options: PastOptions): Promise<NestFastifyApplication> => {
  const { services, log, strategy = new InProcessStrategy(), guard } = options;
  const { environment, moduleOf } = foundationsOf(options, strategy, options.ledger);
  const app = await NestFactory.create<NestFastifyApplication>(
    moduleOf([GatewayModule, ...services]),
    createHttpAdapter(environment, DIALECTS),
    { logger: new NestLog(log), abortOnError: false },
  );
  keepQuiet(app);
  connectInProcess(app, strategy, log);
  prepareGateway(app, { isEmbedded: true });
  const instance: FastifyInstance = app.getHttpAdapter().getInstance();
  if (guard !== undefined) instance.addHook('onRequest', guard);
  await app.startAllMicroservices();
  return app.init();
};

export interface PastServices {
  readonly app: INestMicroservice;
  readonly bus: Bus;
  /** Takes the questions of a gateway. */
  readonly strategy: InProcessStrategy;
}

/** Some services of such a Cairn, without its gateway. */
export const startPastServices = async (
  place: PastPlace,
  ledger: PastLedger,
  services: readonly Type[],
): Promise<PastServices> => {
  const strategy = new InProcessStrategy();
  const { bus, moduleOf } = foundationsOf(place, strategy, ledger);
  const app = await createService(moduleOf(services), strategy, place.log);
  keepQuiet(app);
  await app.init();
  return { app, bus, strategy };
};
