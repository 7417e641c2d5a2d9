import 'reflect-metadata';
import { type Type } from '@nestjs/common';
import { ledgerLocation, openLedger } from '#ledger/open-ledger.js';
import { diskCheck } from '#platform/disk-check.js';
import { loadEnvironment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { listenForProbes } from '#platform/health-listener.js';
import { createLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { protectDataFolder } from '#platform/private-files.js';
import { runMain } from '#platform/run-main.js';
import { surviveStrayRejections } from '#platform/stray-rejections.js';
import { stopOnSignal } from '#platform/shutdown.js';
import type { ServiceName } from './contract.js';
import { createService } from './create-service.js';
import { InfrastructureModule } from './infrastructure.module.js';
import { openNats } from './open-nats.js';
import { NatsStrategy } from './nats.strategy.js';

export interface Service {
  readonly name: ServiceName;
  /** Root of the service's controllers and providers. */
  readonly module: Type;
}

/** The `main.ts` of a service that runs alone: over NATS, with a small HTTP listener for probes and metrics. */
export const runService = (service: Service): Promise<void> => runMain(service.name, () => start(service));

const start = async ({ name, module }: Service): Promise<void> => {
  const environment = loadEnvironment(process.env);
  const log = createLog(environment, name);
  await protectDataFolder(environment.CAIRN_DATA_DIR, log);
  const metrics = new Metrics();
  const health = new Health();
  // What the start waits for is shown by the probes.
  health.add('process', () => {
    throw new Error('is starting: it waits for NATS and the ledger, then reads what is new');
  });
  const probes = await listenForProbes(environment, health, metrics);
  const { connection, codec, bus } = await openNats(environment, name, log, metrics);
  health.add('nats', () => connection.flush());
  const ledger = await openLedger({
    ...ledgerLocation(environment),
    wait: { withinMs: environment.START_WAIT_SECONDS * 1000, log },
  });
  surviveStrayRejections({ log, metrics, health, reconnect: () => ledger.reconnect() });
  health.add('ledger', async () => {
    await ledger.head();
  });
  health.add('data folder', diskCheck(environment.CAIRN_DATA_DIR));

  const strategy = new NatsStrategy(connection, codec, name, log);
  const infrastructure = InfrastructureModule.register({ environment, ledger, bus, connection, log, metrics, health });
  const app = await createService({ module, imports: [infrastructure] }, strategy, log);
  await app.listen();
  health.add('process', () => undefined);

  stopOnSignal(
    [
      {
        name: 'finish what is in flight',
        run: () => {
          health.stopping();
          return strategy.close();
        },
      },
      { name: 'close the service', run: () => app.close() },
      { name: 'close the ledger', run: () => ledger.close() },
      { name: 'close the probes', run: () => probes.close() },
      { name: 'close the NATS connection', run: () => connection.close() },
    ],
    log,
  );
  process.stdout.write(`Cairn's ${name} service is ready; probes at ${probes.url}/readyz\n`);
};
