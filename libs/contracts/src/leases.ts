import { DomainError } from '#platform/domain-error.js';
import { type Caller, type Nothing, query } from '#bus/contract.js';

/** The role of programs that run units. It reaches what they hold and nothing else, whatever access rules say. */
export const WORKER_ROLE = 'worker';

/** Whether the caller reaches only what it holds: no other role of its token counts for this request. */
export const isWorkerOnly = ({ roles }: Pick<Caller, 'roles'>): boolean =>
  roles.length > 0 && roles.every((role) => role === WORKER_ROLE);

/** Names the caller in the leases of units that it claims, and in the registration of its worker. */
export const leaseHolderOf = ({ subject }: Pick<Caller, 'subject'>): string => subject;

/** Text of the refusal, by which workers tell a lost lease from a token that is not accepted. */
export const LEASE_NOT_HELD = 'lease not held';

/** Also for units and workers that do not exist, so that nothing is learned about those of others. */
export const leaseNotHeld = (): DomainError => new DomainError('forbidden', 'lease.not-held', LEASE_NOT_HELD);

/** Refused with {@link LEASE_NOT_HELD} unless the caller holds a unit that the workload lists. */
export const AuthorizeLease = query<{ workload_id: string }, Nothing>('tasks', 'lease.authorize');
