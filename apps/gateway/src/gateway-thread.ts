/** The thread in which embedded Cairn serves HTTP: the services have the other core of a small machine for themselves. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { ThreadBus } from '#bus/thread-bus.js';
import type { Environment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { urlOf } from '#platform/health-listener.js';
import { createLog } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { explain } from '#platform/run-main.js';
import { runSteps } from '#platform/shutdown.js';
import { surviveStrayRejections } from '#platform/stray-rejections.js';
import { createGateway } from './create-gateway.js';

/** What the thread is started with. */
export interface GatewayStart {
  /** To the services. */
  readonly port: MessagePort;
  /** Files with secrets are read once, by the process. */
  readonly environment: Environment;
}

/** To the thread: first `listen`, when the services answer. It ends on `stop`, when it has finished what is in flight. */
export type ToGateway = 'listen' | 'stop';

/** From the thread, once. */
export type FromGateway = { readonly url: string } | { readonly fault: string };

if (parentPort === null) throw new Error('This is a thread, not a program');
const control: MessagePort = parentPort;
const { port, environment } = workerData as GatewayStart;
const log = createLog(environment, 'cairn');
const bus = new ThreadBus(port);
const metrics = new Metrics(() => bus.ask('metrics'));
const health = new Health();
health.include('services', { report: () => bus.ask('health'), turn: () => bus.ask('turn') });
surviveStrayRejections({
  log,
  metrics: { strayRejection: () => void bus.ask('strayRejection') },
  health,
  // Its only connections are those of clients.
  reconnect: () => undefined,
});

const created = createGateway({ environment, bus, log, metrics, health }, true);

const listen = async (): Promise<FromGateway> => {
  try {
    const app = await created;
    await app.listen(environment.PORT, environment.HOST);
    return { url: urlOf(app.getHttpServer().address()) };
  } catch (error) {
    return { fault: explain(error) };
  }
};

const stop = async (): Promise<void> => {
  const app = await created;
  const steps = [
    { name: 'finish what is in flight', run: () => app.getHttpAdapter().getInstance().close() },
    { name: 'close the gateway', run: () => app.close() },
  ];
  process.exit((await runSteps(steps, log)) ? 0 : 1);
};

control.on('message', (order: ToGateway) => {
  if (order === 'stop') void stop();
  else void listen().then((answer) => control.postMessage(answer));
});
