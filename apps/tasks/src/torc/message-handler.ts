import { Injectable } from '@nestjs/common';
import type { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import type { Decision, SlicedDecision } from '#event-sourcing/command.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { UnitProjection } from '../engine/unit-projection.js';
import { WorkloadMessageHandler } from '../workload/workload-message-handler.js';
import { WorkflowRules } from './access/workflow-access.js';
import { SqliteTorcView, TorcReader } from './sqlite-view.js';
import type { TorcView } from './view.js';

/** Most requests are about one workflow; the creation of one may choose its key. */
const keyIn = (request: unknown): string | undefined => {
  const { workflow, key } = request as { readonly workflow?: unknown; readonly key?: unknown };
  const named = workflow ?? key;
  return typeof named === 'string' ? named : undefined;
};

/**
 * Handles messages about workflows and what belongs to them (contract 1.2, D23), of whom they are shared with. Where the request does not
 * name the workflow, its key is given besides.
 */
@Injectable()
export class TorcMessageHandler extends WorkloadMessageHandler<TorcView, TorcReader> {
  /** As committed: a rule holds from its answer on. */
  private readonly rules: WorkflowRules;

  constructor(mailbox: Mailbox, readModel: ReadModel, units: UnitProjection) {
    super(mailbox, readModel, (reader) => new TorcReader(reader), new SqliteTorcView(units.store));
    this.rules = new WorkflowRules(readModel.queries, () => readModel.commits);
  }

  override execute<Request, Reply>(
    message: Message<Request>,
    decide: (view: TorcView, timeMicros: number) => Decision<Reply> | SlicedDecision<Reply>,
    key: string | undefined = keyIn(message.request),
  ): Promise<Answer<Reply>> {
    return super.execute(message, (view, timeMicros) => this.refusal(message, key) ?? decide(view, timeMicros));
  }

  override read<Request, Reply>(
    message: Message<Request>,
    answer: () => Reply | DomainError | Promise<Reply | DomainError>,
    key: string | undefined = keyIn(message.request),
  ): Promise<Answer<Reply>> {
    return super.read(message, () => this.refusal(message, key) ?? answer());
  }

  private refusal({ context }: Message<unknown>, key: string | undefined): DomainError | undefined {
    return key === undefined ? undefined : this.rules.refusal(key, context.caller);
  }
}
