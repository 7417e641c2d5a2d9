import { join } from 'node:path';
import { type DynamicModule, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { Log } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { Ledger } from '#ledger/ledger.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { Mailbox, type MailboxMeter } from './mailbox.js';
import type { Projection } from './projection.js';
import { positionController } from './position-controller.js';
import { readModelFile } from './read-model-file.js';
import { ReadModel } from './read-model.js';
import { RebuiltFiles } from './rebuilt-files.js';
import { isProvided, type ServiceStore } from './service-store.js';

/**
 * Read model, mailbox and key-value store of one service, in the data folder. The service is ready when its tables hold what the ledger
 * held at the start.
 */
@Module({})
export class ServiceStoreModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly readModel: ReadModel,
    private readonly mailbox: Mailbox,
    private readonly keyValueStore: KeyValueStore,
    private readonly rebuiltFiles: RebuiltFiles,
  ) {}

  static register({ service, projections, ...options }: ServiceStore): DynamicModule {
    const provided = projections.filter((source) => isProvided(source));
    const classes = provided.map((source) => (typeof source === 'function' ? source : source.provide));
    return {
      module: ServiceStoreModule,
      controllers: [positionController(service)],
      providers: [
        ...provided,
        {
          provide: KeyValueStore,
          inject: [Environment],
          useFactory: ({ CAIRN_DATA_DIR: folder }: Environment) =>
            new SqliteKeyValueStore(join(folder, 'key-value-store', `${service}.sqlite`)),
        },
        {
          provide: ReadModel,
          inject: [Environment, Ledger, Log, Health, ...classes],
          useFactory: async (
            { CAIRN_DATA_DIR: folder }: Environment,
            ledger: Ledger,
            log: Log,
            health: Health,
            ...instances: readonly Projection[]
          ) => {
            const file = readModelFile(folder, service);
            const left = [...instances];
            const made = projections.flatMap((each) => (isProvided(each) ? left.splice(0, 1) : [each]));
            const readModel = await ReadModel.open({ file, ledger, projections: made, log, ...options });
            health.add(`${service} read model`, () => {
              if (readModel.behind) throw new Error('is being rebuilt from the ledger');
            });
            readModel.start();
            return readModel;
          },
        },
        {
          provide: RebuiltFiles,
          inject: [Environment, ReadModel, Log],
          useFactory: ({ CAIRN_DATA_DIR: folder }: Environment, readModel: ReadModel, log: Log) =>
            new RebuiltFiles(readModelFile(folder, service), readModel, log),
        },
        {
          provide: Mailbox,
          inject: [ReadModel, Ledger, KeyValueStore, Log, Metrics],
          useFactory: (
            readModel: ReadModel,
            ledger: Ledger,
            keyValueStore: KeyValueStore,
            log: Log,
            metrics: Metrics,
          ) => {
            const meter: MailboxMeter = {
              drained: (commands) => metrics.mailboxDrain(service, commands),
              appended: (seconds) => metrics.ledgerAppend(service, seconds),
            };
            return new Mailbox({ readModel, ledger, keyValueStore, log, meter });
          },
        },
      ],
      exports: [ReadModel, Mailbox, KeyValueStore, ...classes],
    };
  }

  onModuleInit(): Promise<void> {
    return this.readModel.caughtUp();
  }

  async onApplicationShutdown(): Promise<void> {
    const failures: unknown[] = [];
    // Each is closed, whatever has failed before.
    for (const part of [this.rebuiltFiles, this.mailbox, this.readModel, this.keyValueStore]) {
      await part.close().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
