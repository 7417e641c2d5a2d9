import { once } from 'node:events';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { CannotStart } from '#platform/cannot-start.js';
import type { Environment } from '#platform/environment.js';
import { programPath } from '#platform/program-path.js';
import type { FromGateway, GatewayStart, ToGateway } from '../../gateway/src/gateway-thread.js';

const THREAD = programPath('apps/gateway/src/gateway-thread.js');

/** The gateway of embedded Cairn, in a thread of its own: what it costs to speak HTTP does not slow down the services. */
export class EmbeddedGateway {
  /** Where the gateway's messages arrive. */
  readonly port: MessagePort;
  private readonly thread: Worker;
  private readonly ended: Promise<[code: number]>;
  private isStopping = false;

  /** Starts the thread, which loads the gateway while the services start. */
  constructor(environment: Environment) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const workerData: GatewayStart = { port: port2, environment };
    this.thread = new Worker(THREAD, { workerData, transferList: [port2] });
    this.ended = once(this.thread, 'exit') as Promise<[number]>;
    // Without the gateway the process is of no use: it ends as if the fault were its own.
    this.thread.on('error', (error) => {
      throw error;
    });
    this.thread.on('exit', (code) => {
      if (!this.isStopping) throw new Error(`the gateway ended by itself, with code ${code}`);
    });
  }

  /**
   * Serves HTTP from now on.
   *
   * @returns its URL
   * @throws CannotStart when it cannot, for example because the port is taken
   */
  async listen(): Promise<string> {
    const answered = once(this.thread, 'message') as Promise<[FromGateway]>;
    this.send('listen');
    const [answer] = await answered;
    if ('fault' in answer) throw new CannotStart(answer.fault);
    return answer.url;
  }

  /**
   * Takes no more requests; resolves when those in flight are answered.
   *
   * @throws Error when something could not be closed; the thread has logged what
   */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.send('stop');
    const [code] = await this.ended;
    if (code !== 0) throw new Error(`the gateway ended with code ${code}`);
  }

  private send(order: ToGateway): void {
    this.thread.postMessage(order);
  }
}
