import { type ChildProcess, fork } from 'node:child_process';
import { DomainError } from '#platform/domain-error.js';
import { threadModule } from '#platform/thread-module.js';
import {
  type NumberedOrder,
  PAST_VIEW_COMMAND,
  type ViewAnswer,
  type ViewOrder,
  type ViewReport,
} from '#contracts/cairn/past-view.js';

const SCRIPT = threadModule(import.meta.filename, '../../../cairn/src/main.js');

type Waiting = PromiseWithResolvers<ViewAnswer | undefined>;

/** A process that shows the past of workloads, of one at a time. It ends with this process, however that ends. */
export class ViewProcess {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private orders = 0;
  private ended = false;

  /** @param onEnd is called when the process has ended, for whatever reason */
  constructor(onEnd: () => void) {
    this.child = fork(SCRIPT, [PAST_VIEW_COMMAND], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      // A debugger would want the port of this process.
      execArgv: process.execArgv.filter((flag) => !flag.startsWith('--inspect')),
    });
    this.child.on('message', (report: ViewReport) => this.settle(report));
    const end = (): void => {
      if (this.ended) return;
      this.ended = true;
      for (const { reject } of this.waiting.values()) reject(viewEnded());
      this.waiting.clear();
      onEnd();
    };
    this.child.once('exit', end);
    this.child.once('error', end);
    // It keeps nobody from ending who waits for nothing of it.
    this.child.unref();
    this.child.channel?.unref();
  }

  /** Whether it has something to do. */
  get isBusy(): boolean {
    return this.waiting.size > 0;
  }

  /**
   * Orders are carried out in their order.
   *
   * @throws DomainError also `unavailable` when the process ends before it has answered
   */
  send(order: ViewOrder): Promise<ViewAnswer | undefined> {
    if (this.ended) return Promise.reject(viewEnded());
    const number = (this.orders += 1);
    const waiting = Promise.withResolvers<ViewAnswer | undefined>();
    this.waiting.set(number, waiting);
    this.child.channel?.ref();
    this.child.send({ ...order, number } satisfies NumberedOrder, (error) => {
      if (error !== null) this.child.kill();
    });
    return waiting.promise;
  }

  /** Resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.ended) return;
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill();
    await exited;
  }

  private settle(report: ViewReport): void {
    const waiting = this.waiting.get(report.number);
    this.waiting.delete(report.number);
    if (!this.isBusy) this.child.channel?.unref();
    if ('failure' in report) waiting?.reject(DomainError.from(report.failure));
    else waiting?.resolve(report.answer);
  }
}

const viewEnded = (): DomainError =>
  new DomainError('unavailable', 'past.view-ended', 'The process that shows the past has ended, ask again');
