import type { Message } from '#bus/contract.js';
import { isWorkerOnly, leaseHolderOf } from '#contracts/leases.js';

/**
 * The request with the id by which failures of a worker are counted. A worker's own word counts only below its own name, so that
 * it cannot pause others.
 */
export const withWorkerId = <Request extends { readonly pilot_id?: string }>({
  request,
  context: { caller },
}: Message<Request>): Request =>
  request.pilot_id === undefined || !isWorkerOnly(caller)
    ? request
    : { ...request, pilot_id: `${leaseHolderOf(caller)}/${request.pilot_id}` };
