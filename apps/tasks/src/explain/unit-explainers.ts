import { Injectable } from '@nestjs/common';
import type { Dialect } from '#ledger/ref.js';
import type { Answer, Message } from '#bus/contract.js';
import type { StoredUnit } from '../engine/unit-row.js';

/** How a dialect answers for a unit of its own; it checks the read rule of the unit's workload. */
export interface UnitExplainer {
  /** Why the unit is not running. Replies raw JSON. */
  explain(message: Message<unknown>, stored: StoredUnit): Promise<Answer<{ document: string }>>;
  /** Whether the caller may read the unit: the reply if so. */
  read<Reply>(message: Message<unknown>, stored: StoredUnit, reply: Reply): Promise<Answer<Reply>>;
}

/** The explainers of all dialects: each registers its own at the start. */
@Injectable()
export class UnitExplainers {
  private readonly byDialect = new Map<Dialect, UnitExplainer>();

  register(dialect: Dialect, explainer: UnitExplainer): void {
    this.byDialect.set(dialect, explainer);
  }

  all(): Iterable<readonly [Dialect, UnitExplainer]> {
    return this.byDialect;
  }
}
