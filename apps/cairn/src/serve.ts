import 'reflect-metadata';
import { Command, Option } from 'commander';
import { createService } from '#bus/create-service.js';
import { InfrastructureModule } from '#bus/infrastructure.module.js';
import { InProcessBus } from '#bus/in-process-bus.js';
import { InProcessStrategy } from '#bus/in-process.strategy.js';
import { serveThread } from '#bus/serve-thread.js';
import { ledgerLocation, openLedger } from '#ledger/open-ledger.js';
import { diskCheck } from '#platform/disk-check.js';
import { loadEnvironment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { createLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { protectDataFolder } from '#platform/private-files.js';
import { surviveStrayRejections } from '#platform/stray-rejections.js';
import { stopOnSignal } from '#platform/shutdown.js';
import type { Terminal } from './command-line.js';
import { EmbeddedGateway } from './embedded-gateway.js';
import { removeLeftovers } from './past/past-folder.js';
import { ServicesModule } from './services.module.js';

/** Embedded Cairn: all services in this thread and the gateway in another, on the ledger in the data folder. */
const serve = async ({ env, stdout }: Terminal): Promise<void> => {
  const environment = loadEnvironment(env);
  const log = createLog(environment, 'cairn');
  await protectDataFolder(environment.CAIRN_DATA_DIR, log);
  await removeLeftovers(environment.CAIRN_DATA_DIR);
  const metrics = new Metrics();
  const health = new Health();
  const ledger = await openLedger({
    ...ledgerLocation(environment),
    wait: { withinMs: environment.START_WAIT_SECONDS * 1000, log },
  });
  surviveStrayRejections({ log, metrics, health, reconnect: () => ledger.reconnect() });
  health.add('ledger', async () => {
    await ledger.head();
  });
  health.add('data folder', diskCheck(environment.CAIRN_DATA_DIR));
  const gateway = new EmbeddedGateway(environment);
  const strategy = new InProcessStrategy();
  const bus = new InProcessBus(strategy, metrics);

  const infrastructure = InfrastructureModule.register({ environment, ledger, bus, log, metrics, health });
  const app = await createService({ module: ServicesModule, imports: [infrastructure] }, strategy, log);
  await app.listen();
  const questions = {
    health: () => health.report(),
    turn: () => Promise.resolve(),
    metrics: () => metrics.text(),
    strayRejection: () => {
      metrics.strayRejection();
      return Promise.resolve();
    },
  };
  serveThread(gateway.port, bus, questions, log);
  const url = await gateway.listen();

  stopOnSignal(
    [
      {
        name: 'finish what is in flight',
        run: () => {
          health.stopping();
          return gateway.stop();
        },
      },
      { name: 'close the services', run: () => app.close() },
      { name: 'close the ledger', run: () => ledger.close() },
    ],
    log,
  );
  stdout.write(`Cairn listens on ${url}\n`);
};

/** `cairn serve` */
export const serveCommand = (terminal: Terminal): Command =>
  new Command('serve')
    .description('Runs the whole of Cairn in one process. Environment variables configure it: the README lists them.')
    .addOption(new Option('--until-stdin-ends', 'for whoever starts it for himself alone').hideHelp())
    .action(({ untilStdinEnds }: { readonly untilStdinEnds?: true }) => {
      // The pipe also ends when the other process is killed.
      if (untilStdinEnds) process.stdin.resume().once('close', () => process.kill(process.pid, 'SIGTERM'));
      return serve(terminal);
    });
