import { type ChildProcess, fork } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { DomainError } from '#platform/domain-error.js';
import { CAIRN_PROGRAM } from '#platform/program-path.js';
import {
  type NumberedOrder,
  PAST_VIEW_COMMAND,
  type ViewAnswer,
  type ViewOrder,
  type ViewReport,
} from '#contracts/cairn/past-view.js';

/** A process that has not ended so long after it was asked to is killed: nothing of what it holds is missed. */
const END_MS = 10_000;

type Waiting = PromiseWithResolvers<ViewAnswer | undefined>;

export interface ViewProcessOptions {
  /** Is called when the process has ended, for whatever reason. */
  readonly onEnd?: () => void;
  /** Runs when nothing else wants to run. */
  readonly inBackground?: boolean;
}

/** A process that shows the past of workloads, of one after the other. It ends with this process, however that ends. */
export class ViewProcess {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private orders = 0;
  private ended = false;

  constructor({ onEnd, inBackground = false }: ViewProcessOptions = {}) {
    this.child = fork(CAIRN_PROGRAM, [PAST_VIEW_COMMAND], {
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
      onEnd?.();
    };
    this.child.once('exit', end);
    this.child.once('error', end);
    // It keeps nobody from ending who waits for nothing of it.
    this.child.unref();
    this.child.channel?.unref();
    const { pid } = this.child;
    if (inBackground && pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
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
    const impatience = setTimeout(() => this.child.kill('SIGKILL'), END_MS);
    await exited;
    clearTimeout(impatience);
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
