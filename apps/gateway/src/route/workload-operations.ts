import type { MessageContext } from '#bus/contract.js';
import { DomainError } from '#platform/domain-error.js';
import type { WorkloadHome } from '#contracts/workloads.js';

/** What anybody may want to do with a workload, whatever dialect made it. */
export type WorkloadOperationName = keyof WorkloadOperations;

/** A request to do something with a workload that the caller may read. */
export interface OperationRequest {
  readonly workload: WorkloadHome;
  readonly context: MessageContext;
  /** The header with the caller's token, which has been verified; empty for a caller without one. */
  readonly authorization: string;
}

/**
 * Says in one sentence what was done or begun. Whether the caller may change the workload is for the dialect to check.
 *
 * @throws DomainError kind `state` when the workload is not in a state for it, or the dialect has nothing like it
 */
type WorkloadOperation = (request: OperationRequest) => Promise<string>;

/** What a dialect does with its workloads by its own commands and rules. */
export interface WorkloadOperations {
  readonly hold: WorkloadOperation;
  readonly release: WorkloadOperation;
  readonly retry: WorkloadOperation;
  readonly cancel: WorkloadOperation;
}

/** The refusal of what a dialect cannot do, or not now. */
export const cannot = (why: string): DomainError => new DomainError('state', 'workload.cannot', why);
