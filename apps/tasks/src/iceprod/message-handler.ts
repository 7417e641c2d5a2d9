import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, MessageContext } from '#bus/contract.js';
import type { AccessAction } from '#contracts/access.js';
import { isWorkerOnly } from '#contracts/leases.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import type { Decision, SlicedDecision } from '#event-sourcing/command.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { UnitReader } from '../engine/unit-row.js';
import { UnitProjection } from '../engine/unit-projection.js';
import { Leases, type LeaseScope } from '../lease/leases.js';
import { WorkloadProjection } from '../workload/workload-projection.js';
import { ICEPROD } from './streams.js';
import { SqliteTaskView } from './task/sqlite-view.js';
import type { TaskView } from './task/view.js';

/**
 * Handles messages about IceProd's tasks and what belongs to them: checks the rule of the dataset, or the lease of a worker,
 * then executes a command through the mailbox or answers a query from committed state.
 */
@Injectable()
export class MessageHandler {
  /** Reads committed units. */
  readonly committed: UnitReader;
  private readonly committedRules: AccessRules;
  private readonly decidedRules: AccessRules;
  private readonly committedLeases: Leases;
  private readonly decidedLeases: Leases;
  private readonly view: TaskView;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    units: UnitProjection,
    workloads: WorkloadProjection,
  ) {
    this.committed = new UnitReader(readModel.queries);
    this.committedRules = new AccessRules(readModel.queries, ICEPROD, () => readModel.commits);
    this.decidedRules = new AccessRules(readModel.writer, ICEPROD);
    this.committedLeases = new Leases(readModel.queries, this.committed);
    this.decidedLeases = new Leases(readModel.writer, units.store.reader);
    this.view = new SqliteTaskView(units.store);
    // Whether a dataset's tasks may be claimed depends on the status of the dataset.
    workloads.onStatus(() => units.store.ready.invalidateMatches());
  }

  /** Executes a command. With a `datasetId`, the caller needs the right to write there. Without a `lease`, workers are refused. */
  execute<Request, Reply>(
    { context }: Message<Request>,
    decide: (view: TaskView, timeMicros: number) => Decision<Reply> | SlicedDecision<Reply>,
    datasetId?: string,
    lease?: LeaseScope,
  ): Promise<Answer<Reply>> {
    const timeMicros = nowMicros();
    const { caller } = context;
    const authorize = (): DomainError | undefined => {
      if (isWorkerOnly(caller)) return this.decidedLeases.authorize(ICEPROD, caller, lease);
      return datasetId === undefined ? undefined : this.decidedRules.authorize(datasetId, 'write', caller);
    };
    return this.mailbox.execute({ context, timeMicros, decide: () => authorize() ?? decide(this.view, timeMicros) });
  }

  /** Answers from committed state. With a `datasetId`, the caller needs the right to read there. Without a `lease`, workers are refused. */
  async read<Request, Reply>(
    { context }: Message<Request>,
    datasetId: string | undefined,
    answer: () => Reply | DomainError | Promise<Reply | DomainError>,
    lease?: LeaseScope,
  ): Promise<Answer<Reply>> {
    const denied = this.authorize('read', context, datasetId, lease);
    const reply = denied ?? (await answer());
    return reply instanceof DomainError ? { error: reply.toValue() } : { reply };
  }

  /** Decides the same as {@link read} and {@link execute}, from committed state: to refuse before anything is stored. */
  authorize(
    action: AccessAction,
    { caller }: MessageContext,
    datasetId: string | undefined,
    lease: LeaseScope | undefined,
  ): DomainError | undefined {
    if (isWorkerOnly(caller)) return this.committedLeases.authorize(ICEPROD, caller, lease);
    return datasetId === undefined ? undefined : this.committedRules.authorize(datasetId, action, caller);
  }
}
