import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
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

/** From so many events of a workload on, a process waits for questions: to start it takes longer than to apply them. */
const WAITING_EVENTS = 5_000;

/** So many new events of a workload are worth a process that makes checkpoints. */
const NEW_EVENTS = 10_000;

const ROUND_MS = 60_000;
const FIRST_ROUND_MS = 5_000;

/** Where workloads have many events. */
const LONG_STREAMS = ['work-', 'ranges-'];

type BackgroundProcess = Pick<ViewProcess, 'send' | 'stop'>;

/**
 * Has checkpoints made of large workloads before anybody asks, in a process that runs when nothing else wants to. Where workloads have more than a
 * few events, a view waits for questions. What is made where is forgotten with this process: looking again costs little.
 */
@Injectable()
export class CheckpointMaker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly rounds: Rounds;
  /** Events of streams that have all their checkpoints. */
  private readonly made = new Map<string, number>();
  private process: BackgroundProcess | undefined;

  constructor(
    @Inject(HistoryIndex) private readonly index: Pick<HistoryIndex, 'isBehind' | 'longStreams'>,
    @Inject(PastViews) private readonly views: Pick<PastViews, 'prepare'>,
    @Inject(Ledger) private readonly ledger: Pick<Ledger, 'head'>,
    private readonly environment: Environment,
    private readonly log: Log,
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

  protected startProcess(): BackgroundProcess {
    return new ViewProcess({ inBackground: true });
  }

  private async round(): Promise<void> {
    // To wait for an index that is being rebuilt would keep the service from ending.
    if (this.index.isBehind) return;
    try {
      for (const prefix of LONG_STREAMS) {
        for await (const { stream, events } of this.index.longStreams(prefix, WAITING_EVENTS)) {
          if (this.rounds.isStopped) return;
          this.views.prepare();
          if (events < LARGE_EVENTS || events - (this.made.get(stream) ?? 0) < NEW_EVENTS) continue;
          await this.make(stream);
          this.made.set(stream, events);
        }
      }
    } finally {
      await this.endProcess();
    }
  }

  /** A workload whose past cannot be shown does not keep the others from having theirs. It is tried again when it has changed as much again. */
  private async make(stream: string): Promise<void> {
    try {
      this.process ??= this.startProcess();
      const past = pastOf(refOfStream(stream), await this.ledger.head());
      await this.process.send({ kind: 'keep', past });
    } catch (error) {
      if (this.rounds.isStopped) return;
      this.log.warn({ error, stream }, 'Checkpoints of the past of a workload could not be made');
      await this.endProcess();
    }
  }

  private async endProcess(): Promise<void> {
    await this.process?.stop();
    this.process = undefined;
  }
}
