import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { formatTimestamp, nowMicros } from '#platform/clock.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Rounds } from '#platform/rounds.js';
import { backgroundContext } from '#bus/background-context.js';
import type { Answer, MessageContext } from '#bus/contract.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { CHECKPOINT_SIGNED, CHECKPOINTS_STREAM, previousFor } from '#ledger/proof/checkpoint.js';
import { CheckpointKeys } from './checkpoint-keys.js';
import { Checkpoints } from './checkpoints-projection.js';
import { ProofIndex } from './proof-index.js';

/** The index goes on in steps of so long, so that no checkpoint has to wait for it. */
const ROUND_MS = 10_000;

/** Whom the history names for the checkpoints that are made every hour. */
const ACTOR = 'cairn';

/** Signs checkpoints: every hour, and when somebody asks for one. */
@Injectable()
export class CheckpointSigner implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly rounds: Rounds;
  private readonly decided: Checkpoints;
  private readonly everyMs: number;
  /** When the last one was signed; without any, when the service started. */
  private lastMs = Date.now();

  constructor(
    private readonly index: ProofIndex,
    private readonly keys: CheckpointKeys,
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    environment: Environment,
    private readonly log: Log,
  ) {
    this.decided = new Checkpoints(readModel.writer);
    this.everyMs = environment.CHECKPOINT_SECONDS * 1000;
    this.rounds = new Rounds(
      () => this.round(),
      (error) => log.error({ error }, 'No checkpoint of the history can be signed'),
    );
  }

  onApplicationBootstrap(): void {
    if (this.everyMs === 0) return;
    const last = this.decided.last();
    if (last !== undefined) this.lastMs = Date.parse(last.time);
    this.rounds.start(Math.min(ROUND_MS, this.everyMs));
  }

  onModuleDestroy(): Promise<void> {
    return this.rounds.stop();
  }

  /** Signs a checkpoint of everything that the ledger holds now. */
  async sign(context: MessageContext): Promise<Answer<{ readonly document: string }>> {
    const [summary, key] = [await this.index.summary(), await this.keys.current()];
    const timeMicros = nowMicros();
    const time = `${formatTimestamp(timeMicros)}Z`;
    return this.mailbox.execute({
      context,
      timeMicros,
      decide: () => {
        const last = this.decided.last();
        const signed = key.sign({ number: (last?.number ?? 0) + 1, ...summary, previous: previousFor(last), time });
        return {
          events: [{ stream: CHECKPOINTS_STREAM, type: CHECKPOINT_SIGNED, data: signed }],
          reply: { document: JSON.stringify(signed) },
        };
      },
    });
  }

  private async round(): Promise<void> {
    const sinceMs = Date.now() - this.lastMs;
    // A clock that was wrong may have put the last one into the future.
    if (sinceMs >= 0 && sinceMs < this.everyMs) {
      await this.index.summary();
      return;
    }
    const answer = await this.sign(backgroundContext('cairn', ACTOR));
    if ('error' in answer) this.log.error({ error: answer.error }, 'No checkpoint of the history can be signed');
    else this.lastMs = Date.now();
  }
}
