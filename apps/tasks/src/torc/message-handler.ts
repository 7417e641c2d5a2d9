import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import { isWorkerOnly, leaseNotHeld } from '#contracts/leases.js';
import type { Decision, SlicedDecision } from '#event-sourcing/command.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import type { Snapshot } from '#event-sourcing/snapshots.js';
import { UnitProjection } from '../engine/unit-projection.js';
import { Workloads } from '../workload/workloads.js';
import { type DocumentView, SqliteTorcView, TorcRows } from './sqlite-view.js';

/**
 * Handles messages about workflows and what belongs to them: executes a command through the mailbox, or answers a query from committed
 * state. The gateway has checked who may use Torc (contract 1.2, D23); workers of other dialects may not.
 */
@Injectable()
export class TorcMessageHandler {
  /** Committed workflows, documents and edges. */
  readonly committed: TorcRows;
  private readonly rowsOn: (database: Snapshot['database']) => TorcRows;
  private readonly view: DocumentView;

  constructor(
    private readonly mailbox: Mailbox,
    { queries }: ReadModel,
    units: UnitProjection,
  ) {
    // Ids of workloads never change, so that all connections share what is known of them.
    const workloads = new Workloads(queries);
    this.committed = new TorcRows(queries, workloads);
    this.rowsOn = perConnection((database) => new TorcRows(database, workloads));
    this.view = new SqliteTorcView(units.store);
  }

  /** What a snapshot shows. */
  rowsIn({ database }: Snapshot): TorcRows {
    return this.rowsOn(database);
  }

  execute<Request, Reply>(
    { context }: Message<Request>,
    decide: (view: DocumentView, timeMicros: number) => Decision<Reply> | SlicedDecision<Reply>,
  ): Promise<Answer<Reply>> {
    const timeMicros = nowMicros();
    return this.mailbox.execute({
      context,
      timeMicros,
      decide: () => (isWorkerOnly(context.caller) ? leaseNotHeld() : decide(this.view, timeMicros)),
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
