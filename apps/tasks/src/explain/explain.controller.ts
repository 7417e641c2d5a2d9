import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import { EstimateRemaining, ExplainUnit } from '#contracts/cairn/explain.js';
import { ExplainWork } from '#contracts/explain.js';
import { LocateUnit, type UnitHome } from '#contracts/cairn/history.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { type StoredUnit, UnitReader } from '../engine/unit-row.js';
import { ordinalOfKey, workloadOfKey } from '../workload/member-key.js';
import { type UnitExplainer, UnitExplainers } from './unit-explainers.js';

const notFound = (what: 'Unit' | 'Workload'): { error: ReturnType<DomainError['toValue']> } => ({
  error: new DomainError('not-found', `${what.toLowerCase()}.not-found`, `${what} not found`).toValue(),
});

/** Answers questions about a unit or a workload of any dialect, by its public id. */
@Controller()
export class ExplainController {
  private readonly committed: UnitReader;

  constructor(
    private readonly explainers: UnitExplainers,
    { queries }: ReadModel,
  ) {
    this.committed = new UnitReader(queries);
  }

  @MessagePattern(ExplainUnit.subject)
  async explain(@Payload() message: Message<{ unit_id: string }>): Promise<Answer<{ document: string }>> {
    const found = this.find(message.request.unit_id);
    return found === undefined ? notFound('Unit') : found.explainer.explain(message, found.stored);
  }

  @MessagePattern(LocateUnit.subject)
  async locate(@Payload() message: Message<{ unit_id: string }>): Promise<Answer<UnitHome>> {
    const found = this.find(message.request.unit_id);
    if (found === undefined) return notFound('Unit');
    const { key } = found.stored.row;
    const home = { stream: this.committed.workloads.workStreamOf(workloadOfKey(key)), ordinal: ordinalOfKey(key) };
    return found.explainer.read(message, found.stored, home);
  }

  @MessagePattern(EstimateRemaining.subject)
  async remaining(@Payload() message: Message<{ workload_id: string }>): Promise<Answer<{ document: string }>> {
    const { workload_id: id } = message.request;
    return this.explainerOf(id)?.remaining(message, id) ?? notFound('Workload');
  }

  @MessagePattern(ExplainWork.subject)
  async explainWork(@Payload() message: Message<{ workload_id: string }>): Promise<Answer<{ document: string }>> {
    const { workload_id: id } = message.request;
    return this.explainerOf(id)?.explainWorkload?.(message, id) ?? notFound('Workload');
  }

  private explainerOf(workloadId: string): UnitExplainer | undefined {
    for (const [dialect, explainer] of this.explainers.all()) {
      if (this.committed.workloads.find(dialect, workloadId) !== undefined) return explainer;
    }
    return undefined;
  }

  /** Ids that Cairn makes are unique. If clients gave the same id to units of two dialects, the first dialect wins. */
  private find(id: string): { readonly stored: StoredUnit; readonly explainer: UnitExplainer } | undefined {
    for (const [dialect, explainer] of this.explainers.all()) {
      const stored = this.committed.byId(dialect, id);
      if (stored !== undefined) return { stored, explainer };
    }
    return undefined;
  }
}
