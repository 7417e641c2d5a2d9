import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import { isWorkerOnly, leaseNotHeld } from '#contracts/leases.js';
import type { Decision, SlicedDecision } from '#event-sourcing/command.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Slices } from '#event-sourcing/slices.js';
import type { Snapshot, Snapshots } from '#event-sourcing/snapshots.js';
import { UnitProjection } from '../engine/unit-projection.js';
import { UnitReader } from '../engine/unit-row.js';
import { SiteProjection } from './site/site-projection.js';
import { PandaReader, SqlitePandaView } from './sqlite-view.js';
import type { PandaView } from './view.js';

/**
 * Handles messages about PanDA's tasks and jobs: executes a command through the mailbox, or answers a query from committed state. The gateway has
 * checked who may use PanDA; workers of other dialects may not.
 */
@Injectable()
export class PandaMessageHandler {
  /** Committed tasks, files and jobs. */
  readonly committed: PandaReader;
  /** What deciders read: for what looks for work in the background. */
  readonly view: PandaView;
  private readonly readerOn: (database: Snapshot['database']) => PandaReader;
  private readonly snapshots: Snapshots;

  constructor(
    private readonly mailbox: Mailbox,
    { queries, snapshots }: ReadModel,
    units: UnitProjection,
    sites: SiteProjection,
  ) {
    this.snapshots = snapshots;
    this.committed = new PandaReader(new UnitReader(queries), sites);
    this.readerOn = perConnection((database) => new PandaReader(new UnitReader(database), sites));
    this.view = new SqlitePandaView(units.store, sites);
  }

  /** What a snapshot shows. */
  readerIn({ database }: Snapshot): PandaReader {
    return this.readerOn(database);
  }

  execute<Request, Reply>(
    { context }: Message<Request>,
    decide: (view: PandaView, timeMicros: number) => Decision<Reply> | SlicedDecision<Reply>,
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
    answer: (reader: PandaReader) => Generator<void, Reply | DomainError, void>,
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
