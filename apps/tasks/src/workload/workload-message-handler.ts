import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import { isWorkerOnly, leaseNotHeld } from '#contracts/leases.js';
import type { Decision, SlicedDecision } from '#event-sourcing/command.js';
import type { Mailbox } from '#event-sourcing/mailbox.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import type { ReadModel } from '#event-sourcing/read-model.js';
import { Slices } from '#event-sourcing/slices.js';
import type { Snapshot, Snapshots } from '#event-sourcing/snapshots.js';
import { UnitReader } from '../engine/unit-row.js';

/**
 * Handles messages of a dialect that keeps everything of a workload in one stream: executes a command through the mailbox, or answers a query from
 * committed state. The gateway has checked who may use the dialect; workers of other dialects may not.
 */
export abstract class WorkloadMessageHandler<View, Reader> {
  /** Committed state. */
  readonly committed: Reader;
  private readonly readerOn: (database: Snapshot['database']) => Reader;
  private readonly snapshots: Snapshots;

  /** @param view what deciders read */
  constructor(
    private readonly mailbox: Mailbox,
    { queries, snapshots }: ReadModel,
    readerOf: (units: UnitReader) => Reader,
    readonly view: View,
  ) {
    this.snapshots = snapshots;
    this.committed = readerOf(new UnitReader(queries));
    this.readerOn = perConnection((database) => readerOf(new UnitReader(database)));
  }

  /** What a snapshot shows. */
  readerIn({ database }: Snapshot): Reader {
    return this.readerOn(database);
  }

  execute<Request, Reply>(
    { context }: Message<Request>,
    decide: (view: View, timeMicros: number) => Decision<Reply> | SlicedDecision<Reply>,
  ): Promise<Answer<Reply>> {
    const timeMicros = nowMicros();
    return this.mailbox.execute({
      context,
      timeMicros,
      decide: () => (isWorkerOnly(context.caller) ? leaseNotHeld() : decide(this.view, timeMicros)),
    });
  }

  /** Answers from one committed state, in slices that do not keep others waiting. */
  readInSlices<Request, Reply>(
    message: Message<Request>,
    answer: (reader: Reader) => Generator<void, Reply | DomainError, void>,
  ): Promise<Answer<Reply>> {
    return this.read(message, async () => {
      const snapshot = await this.snapshots.take();
      try {
        return await new Slices().drive(answer(this.readerIn(snapshot)));
      } finally {
        this.snapshots.release(snapshot);
      }
    });
  }

  async read<Request, Reply>(
    { context }: Message<Request>,
    answer: () => Reply | DomainError | Promise<Reply | DomainError>,
  ): Promise<Answer<Reply>> {
    const reply = isWorkerOnly(context.caller) ? leaseNotHeld() : await answer();
    return reply instanceof DomainError ? { error: reply.toValue() } : { reply };
  }
}
