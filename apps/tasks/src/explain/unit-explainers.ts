import { Injectable } from '@nestjs/common';
import type { Answer, Message } from '#bus/contract.js';
import { DialectRegistry } from '#event-sourcing/dialect-registry.js';
import type { StoredUnit } from '../engine/unit-row.js';

/** Answers questions about the units of one dialect. It checks the read rule of their workload. */
export interface UnitExplainer {
  /** Why the unit is not running. Replies raw JSON. */
  explain(message: Message<unknown>, stored: StoredUnit): Promise<Answer<{ document: string }>>;
  /** Why a workload has its status, of dialects that keep their workloads in this service. Replies raw JSON. */
  explainWorkload?(message: Message<unknown>, workloadId: string): Promise<Answer<{ document: string }>>;
  /** What is left to do in a workload. Replies raw JSON. */
  remaining(message: Message<unknown>, workloadId: string): Promise<Answer<{ document: string }>>;
  /** Returns the reply if the caller may read the unit. */
  read<Reply>(message: Message<unknown>, stored: StoredUnit, reply: Reply): Promise<Answer<Reply>>;
}

/** The explainers of all dialects. Each dialect registers its own when the service starts. */
@Injectable()
export class UnitExplainers extends DialectRegistry<UnitExplainer> {}
