import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import type { Policy } from './engine/policy.js';
import type { WorkloadKind } from './workload/workload-kind.js';

/** What a dialect declares to the tasks service. */
export interface TasksDialect extends ServiceDialect {
  /** What the engine must know of its units. */
  readonly policy: Policy;
  /** Its workloads in lists of those of all dialects. */
  readonly workloads: WorkloadKind;
}
