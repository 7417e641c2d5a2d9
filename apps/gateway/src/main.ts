import { openNats } from '#bus/open-nats.js';
import { loadEnvironment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { listenForProbes, urlOf } from '#platform/health-listener.js';
import { createLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { keepNewFilesPrivate } from '#platform/private-files.js';
import { runMain } from '#platform/run-main.js';
import { surviveStrayRejections } from '#platform/stray-rejections.js';
import { stopOnSignal } from '#platform/shutdown.js';
import { createGateway } from './create-gateway.js';

/** The gateway alone: reaches the services over NATS. */
const start = async (): Promise<void> => {
  keepNewFilesPrivate();
  const environment = loadEnvironment(process.env);
  const log = createLog(environment, 'gateway');
  const metrics = new Metrics();
  const health = new Health();
  // Until the gateway itself listens, probes show what the start waits for.
  health.add('nats', () => {
    throw new Error('is not connected yet');
  });
  const probes = await listenForProbes(environment, health, metrics);
  const { connection, bus } = await openNats(environment, 'gateway', log, metrics);
  health.add('nats', () => connection.flush());
  surviveStrayRejections({ log, metrics, health, reconnect: () => undefined });

  const app = await createGateway({ environment, bus, connection, log, metrics, health }, false);
  await probes.close();
  await app.listen(environment.PORT, environment.HOST);

  stopOnSignal(
    [
      {
        name: 'finish what is in flight',
        run: () => {
          health.stopping();
          return app.close();
        },
      },
      { name: 'close the NATS connection', run: () => connection.close() },
    ],
    log,
  );
  process.stdout.write(`Cairn's gateway listens on ${urlOf(app.getHttpServer().address())}\n`);
};

await runMain('gateway', start);
