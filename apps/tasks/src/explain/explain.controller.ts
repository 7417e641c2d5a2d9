import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message } from '#bus/contract.js';
import { ExplainUnit } from '#contracts/cairn/explain.js';
import { LocateUnit, type UnitHome } from '#contracts/cairn/history.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { type StoredUnit, UnitReader } from '../engine/unit-row.js';
import { ordinalOfKey, workloadOfKey } from '../workload/member-key.js';
import { type UnitExplainer, UnitExplainers } from './unit-explainers.js';

const notFound = (): { error: ReturnType<DomainError['toValue']> } => ({
  error: new DomainError('not-found', 'unit.not-found', 'Task not found').toValue(),
});

/** Answers about a unit of any dialect, by its public id. */
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
    return found === undefined ? notFound() : found.explainer.explain(message, found.stored);
  }

  @MessagePattern(LocateUnit.subject)
  async locate(@Payload() message: Message<{ unit_id: string }>): Promise<Answer<UnitHome>> {
    const found = this.find(message.request.unit_id);
    if (found === undefined) return notFound();
    const { key } = found.stored.row;
    const home = { stream: this.committed.workloads.workStreamOf(workloadOfKey(key)), ordinal: ordinalOfKey(key) };
    return found.explainer.read(message, found.stored, home);
  }

  /** Ids that Cairn makes are unique; one that clients gave to units of two dialects names that of the first. */
  private find(id: string): { readonly stored: StoredUnit; readonly explainer: UnitExplainer } | undefined {
    for (const [dialect, explainer] of this.explainers.all()) {
      const stored = this.committed.byId(dialect, id);
      if (stored !== undefined) return { stored, explainer };
    }
    return undefined;
  }
}
