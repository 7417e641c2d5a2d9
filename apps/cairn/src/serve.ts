import 'reflect-metadata';
import { Command, Option } from 'commander';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { connectInProcess } from '#bus/connect-in-process.js';
import { InProcessBus } from '#bus/in-process-bus.js';
import { InProcessStrategy } from '#bus/in-process.strategy.js';
import { ledgerLocation, openLedger } from '#ledger/open-ledger.js';
import { diskCheck } from '#platform/disk-check.js';
import { loadEnvironment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { urlOf } from '#platform/health-listener.js';
import { createLog, NestLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { protectDataFolder } from '#platform/private-files.js';
import { surviveStrayRejections } from '#platform/stray-rejections.js';
import { stopOnSignal } from '#platform/shutdown.js';
import { DIALECTS } from '../../gateway/src/dialects.js';
import { createHttpAdapter } from '../../gateway/src/edge/http-adapter.js';
import { prepareGateway } from '../../gateway/src/prepare-gateway.js';
import { CairnModule } from './cairn.module.js';
import type { Terminal } from './command-line.js';
import { removeLeftovers } from './past/past-folder.js';

/** Embedded Cairn: gateway and all services in this process, on the ledger in the data folder. */
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
  const strategy = new InProcessStrategy();
  const bus = new InProcessBus(strategy, metrics);

  const app = await NestFactory.create<NestFastifyApplication>(
    CairnModule.register({ environment, ledger, bus, log, metrics, health }),
    createHttpAdapter(environment, DIALECTS),
    { logger: new NestLog(log), abortOnError: false },
  );
  connectInProcess(app, strategy, log);
  prepareGateway(app, { isEmbedded: true });
  await app.startAllMicroservices();
  await app.listen(environment.PORT, environment.HOST);

  stopOnSignal(
    [
      {
        name: 'finish what is in flight',
        run: () => {
          health.stopping();
          return app.getHttpAdapter().getInstance().close();
        },
      },
      { name: 'close the services', run: () => app.close() },
      { name: 'close the ledger', run: () => ledger.close() },
    ],
    log,
  );
  stdout.write(`Cairn listens on ${urlOf(app.getHttpServer().address())}\n`);
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
