import 'reflect-metadata';
import { join } from 'node:path';
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { connectInProcess } from '#bus/connect-in-process.js';
import { InProcessStrategy } from '#bus/in-process.strategy.js';
import { InfrastructureModule } from '#bus/infrastructure.module.js';
import type { PastLedger } from '#ledger/past-ledger.js';
import { DomainError } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { type Log, NestLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import { ReadOnlyBlobStore } from '#storage/read-only-blob-store.js';
import { DIALECTS } from '../../../gateway/src/dialects.js';
import { createHttpAdapter } from '../../../gateway/src/edge/http-adapter.js';
import { GatewayModule } from '../../../gateway/src/gateway.module.js';
import { prepareGateway } from '../../../gateway/src/prepare-gateway.js';
import { PastBus } from './past-bus.js';

export interface PastOptions {
  readonly ledger: PastLedger;
  /** Of the Cairn whose past it is: its blobs are read. */
  readonly environment: Environment;
  /** The data folder of the past Cairn. */
  readonly folder: string;
  /** Modules of the services; the gateway is always there. */
  readonly services: readonly Type[];
  readonly log: Log;
  /** Says why nothing can be changed. */
  readonly refusal: string;
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

/** Services do nothing by themselves. What the gateway does by itself is asking. */
const keepServicesQuiet = (app: NestFastifyApplication): void => {
  for (const { metatype, providers, controllers } of app.get(ModulesContainer).values()) {
    if (metatype === GatewayModule) continue;
    for (const { instance } of [...providers.values(), ...controllers.values()]) {
      if (typeof instance !== 'object' || instance === null || !('onApplicationBootstrap' in instance)) continue;
      Object.assign(instance, { onApplicationBootstrap: () => undefined });
    }
  }
};

/**
 * Cairn as it was where a {@link PastLedger} ends: it answers as it answered then, and refuses changes. It is initialized, and does not
 * listen.
 */
export const startPast = async (options: PastOptions): Promise<NestFastifyApplication> => {
  const { ledger, services, log } = options;
  const own = { CAIRN_DATA_DIR: options.folder, CAIRN_AUTOMATION: ['off'], CAIRN_PANDA_CONFIG: undefined };
  const environment = Object.assign(new Environment(), options.environment, own);
  const refusal = new DomainError('unavailable', 'past.read-only', options.refusal);
  const [metrics, health] = [new Metrics(), new Health()];
  const strategy = new InProcessStrategy();
  const bus = new PastBus(strategy, refusal, metrics);
  const infrastructure = InfrastructureModule.register({ environment, ledger, bus, log, metrics, health });
  const blobs = new ReadOnlyBlobStore(new FolderBlobStore(join(options.environment.CAIRN_DATA_DIR, 'blobs')), refusal);
  const app = await NestFactory.create<NestFastifyApplication>(
    PastModule.of([infrastructure, GatewayModule, ...services], blobs),
    createHttpAdapter(environment, DIALECTS),
    { logger: new NestLog(log), abortOnError: false },
  );
  keepServicesQuiet(app);
  connectInProcess(app, strategy, log);
  prepareGateway(app, { isEmbedded: true });
  const instance: FastifyInstance = app.getHttpAdapter().getInstance();
  if (options.guard !== undefined) instance.addHook('onRequest', options.guard);
  await app.startAllMicroservices();
  return app.init();
};
