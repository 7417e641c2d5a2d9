import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import type { Decision, SlicedDecision } from '#event-sourcing/command.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { UnitReader } from '../../engine/unit-row.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { WorkloadProjection } from '../../workload/workload-projection.js';
import { SqliteTaskView } from './sqlite-view.js';
import type { TaskView } from './view.js';

/** What messages about tasks need: to decide, and to answer. */
@Injectable()
export class TaskDesk {
  /** What is committed. */
  readonly shown: UnitReader;
  private readonly shownRules: AccessRules;
  private readonly decidedRules: AccessRules;
  private readonly view: TaskView;

  constructor(
    private readonly mailbox: Mailbox,
    readModel: ReadModel,
    units: UnitProjection,
    workloads: WorkloadProjection,
  ) {
    this.shown = new UnitReader(readModel.queries);
    this.shownRules = new AccessRules(readModel.queries, 'iceprod', () => readModel.commits);
    this.decidedRules = new AccessRules(readModel.writer, 'iceprod');
    this.view = new SqliteTaskView(units.store);
    // Whether a dataset's tasks may be claimed depends on the dataset.
    workloads.onStatus(() => units.store.ready.reconsider());
  }

  /** Carries out a command; with a `dataset_id` to judge, only for callers who may write there. */
  decide<Request, Reply>(
    { context }: Message<Request>,
    decide: (view: TaskView, timeMicros: number) => Decision<Reply> | SlicedDecision<Reply>,
    judgedDatasetId?: string,
  ): Promise<Answer<Reply>> {
    const timeMicros = nowMicros();
    const judge = (): DomainError | undefined =>
      judgedDatasetId === undefined ? undefined : this.decidedRules.authorize(judgedDatasetId, 'write', context.caller);
    return this.mailbox.execute({ context, timeMicros, decide: () => judge() ?? decide(this.view, timeMicros) });
  }

  /** Answers from what is committed; with a dataset to judge, only to callers who may read there. */
  async read<Request, Reply>(
    { context }: Message<Request>,
    datasetId: string | undefined,
    answer: () => Reply | DomainError | Promise<Reply | DomainError>,
  ): Promise<Answer<Reply>> {
    const denied = datasetId === undefined ? undefined : this.shownRules.authorize(datasetId, 'read', context.caller);
    const reply = denied ?? (await answer());
    return reply instanceof DomainError ? { error: reply.toValue() } : { reply };
  }
}
