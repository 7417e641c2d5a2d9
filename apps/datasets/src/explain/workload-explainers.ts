import { Injectable } from '@nestjs/common';
import type { Answer, Message } from '#bus/contract.js';
import { DialectRegistry } from '#event-sourcing/dialect-registry.js';

type Explanation = Answer<{ document: string }>;

/** How a dialect answers for its own workloads and asynchronous requests. */
export interface WorkloadExplainer {
  /** Why a workload has its status, as raw JSON, or that the caller may not read it; `undefined` when it is not the dialect's. */
  explainWorkload(message: Message<{ workload_id: string }>): Explanation | undefined;
  /** Why an asynchronous request has its status, as raw JSON; `undefined` when it is not the dialect's. */
  explainRequest(message: Message<{ request_id: string }>): Explanation | undefined;
}

/** The explainers of all dialects. */
@Injectable()
export class WorkloadExplainers extends DialectRegistry<WorkloadExplainer> {}
