import 'reflect-metadata';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { InProcessBus } from '#bus/in-process-bus.js';
import { InProcessStrategy } from '#bus/in-process.strategy.js';
import { InfrastructureModule } from '#bus/infrastructure.module.js';
import type { ServiceName } from '#bus/contract.js';
import { compareModels, type TableDifference } from '#event-sourcing/model-comparison.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import type { Ledger } from '#ledger/ledger.js';
import { SeenLedger } from '#ledger/seen-ledger.js';
import { copyDatabase } from '#platform/copy-database.js';
import { Environment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { type Log, NestLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { PRIVATE_FOLDER } from '#platform/private-files.js';
import { authStore } from '../../../auth/src/auth.module.js';
import { datasetsStore } from '../../../datasets/src/datasets.module.js';
import { eventsStore } from '../../../events/src/events.module.js';
import { pilotsStore } from '../../../pilots/src/pilots.module.js';
import { tasksStore } from '../../../tasks/src/tasks.module.js';
import { UsageError } from '../command-line.js';

const STORES: Readonly<Record<ServiceName, DynamicModule>> = {
  datasets: datasetsStore,
  tasks: tasksStore,
  pilots: pilotsStore,
  events: eventsStore,
  auth: authStore,
};

@Module({})
class ReplayModule {
  static of(imports: readonly DynamicModule[]): DynamicModule {
    return { module: ReplayModule, imports: [...imports] };
  }
}

export interface RebuildOptions {
  readonly service: ServiceName;
  /** Whose data folder holds the live read model, which may be in use. */
  readonly environment: Environment;
  readonly ledger: Ledger;
  /** Where files are made; whoever gives it removes it. */
  readonly folder: string;
  readonly log: Log;
}

export interface Comparison {
  /** Events of the service's streams that both files hold. */
  readonly events: number;
  readonly tables: readonly TableDifference[];
}

/**
 * A copy of a live read model as it is now: a snapshot of it would keep its log from being emptied.
 *
 * @throws UsageError when there is none
 */
const copyOf = async ({ service, environment, folder }: RebuildOptions): Promise<DatabaseSync> => {
  const file = join(environment.CAIRN_DATA_DIR, 'read-models', `${service}.sqlite`);
  if (!existsSync(file)) throw new UsageError(`the service ${service} has no read model in ${file}`);
  const copied = join(folder, `${service}-live.sqlite`);
  await copyDatabase(file, copied);
  return new DatabaseSync(copied, { readOnly: true });
};

const signatureOf = (database: DatabaseSync): unknown =>
  database.prepare('SELECT signature FROM model_progress WHERE complete = 1').get()?.['signature'];

const revisionsIn = (database: DatabaseSync): ReadonlyMap<string, number> =>
  new Map(
    database
      .prepare('SELECT stream, revision FROM model_stream')
      .all()
      .map(({ stream, revision }) => [String(stream), Number(revision)]),
  );

/**
 * Makes the read model of a service once more, of the events that the live one holds, and compares the two.
 *
 * @throws UsageError when there is no live one, or when another version of Cairn has made it
 */
export const rebuildAndCompare = async (options: RebuildOptions): Promise<Comparison> => {
  const { service, environment, ledger, folder, log } = options;
  mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
  const live = await copyOf(options);
  try {
    const revisions = revisionsIn(live);
    const own = Object.assign(new Environment(), environment, { CAIRN_DATA_DIR: folder });
    const infrastructure = InfrastructureModule.register({
      ...{ environment: own, ledger: new SeenLedger(ledger, revisions), log },
      ...{ bus: new InProcessBus(new InProcessStrategy()), metrics: new Metrics(), health: new Health() },
    });
    const app = await NestFactory.createApplicationContext(ReplayModule.of([infrastructure, STORES[service]]), {
      logger: new NestLog(log),
      abortOnError: false,
    });
    try {
      const { queries, names } = app.get(ReadModel, { strict: false });
      if (signatureOf(live) !== signatureOf(queries)) {
        throw new UsageError(`the read model of ${service} was made by another version of Cairn, or is being rebuilt`);
      }
      let events = 0;
      for (const revision of revisions.values()) events += revision + 1;
      return { events, tables: compareModels(live, queries, names) };
    } finally {
      await app.close();
    }
  } finally {
    live.close();
  }
};
