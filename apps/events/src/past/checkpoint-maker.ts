import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Rounds } from '#platform/rounds.js';
import { Ledger } from '#ledger/ledger.js';
import { refOfStream } from '#ledger/ref.js';
import { HistoryIndex } from '../index/history-index.js';
import { PastViews } from './past-views.js';
import { pastOf } from './streams-of-past.js';
import { ViewProcess } from './view-process.js';

/** The past of smaller workloads is made when it is asked for. */
const LARGE_EVENTS = 20_000;

/** So many new events of a workload are worth a process that makes checkpoints. */
const NEW_EVENTS = 10_000;

const ROUND_MS = 60_000;
const FIRST_ROUND_MS = 5_000;

/** Where workloads have many events. */
const LONG_STREAMS = ['work-', 'ranges-'];

/**
 * Has checkpoints made of large workloads before anybody asks, in a process that runs when nothing else wants to. As long as there are such
 * workloads, a view waits for questions. What is made where is forgotten with this process: looking again costs little.
 */
@Injectable()
export class CheckpointMaker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly rounds: Rounds;
  /** Events of streams that have all their checkpoints. */
  private readonly made = new Map<string, number>();
  private process: ViewProcess | undefined;

  constructor(
    private readonly index: HistoryIndex,
    private readonly views: PastViews,
    private readonly ledger: Ledger,
    private readonly environment: Environment,
    log: Log,
  ) {
    this.rounds = new Rounds(
      () => this.round(),
      (error) => {
        if (!this.rounds.isStopped) log.warn({ error }, 'Checkpoints of the past could not be made');
      },
    );
  }

  onApplicationBootstrap(): void {
    if (this.environment.PAST_CHECKPOINTS_MIB > 0) this.rounds.start(ROUND_MS, FIRST_ROUND_MS);
  }

  async onModuleDestroy(): Promise<void> {
    const stopped = this.rounds.stop();
    await this.process?.stop();
    await stopped;
  }

  private async round(): Promise<void> {
    await this.index.caughtUp();
    try {
      for (const prefix of LONG_STREAMS) {
        for await (const { stream, events } of this.index.longStreams(prefix, LARGE_EVENTS)) {
          if (this.rounds.isStopped) return;
          this.views.prepare();
          if (events - (this.made.get(stream) ?? 0) < NEW_EVENTS) continue;
          this.process ??= new ViewProcess({ inBackground: true });
          const past = pastOf(refOfStream(stream), await this.ledger.head());
          await this.process.send({ kind: 'keep', past });
          this.made.set(stream, events);
        }
      }
    } finally {
      await this.process?.stop();
      this.process = undefined;
    }
  }
}
