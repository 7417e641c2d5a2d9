import type { Bus } from '#bus/bus.js';
import type { Caller, MessageContext } from '#bus/contract.js';
import { AuthorizeLease, isWorkerOnly } from '#contracts/leases.js';
import { DomainError } from '#platform/domain-error.js';
import type { Dialect } from '../dialect.js';
import type { RequestSource } from './request-source.js';
import type { AnyRoute } from './route.js';

/**
 * For workers, the lease of the workload takes the place of its rule.
 *
 * @throws DomainError when the caller may not do this with the workload that the request's path names
 */
export const authorize = async (
  bus: Bus,
  { workloadAccess }: Dialect,
  route: AnyRoute,
  source: RequestSource,
  context: MessageContext,
): Promise<void> => {
  const { policy } = route;
  if (policy === 'public') return;
  if (isWorkerOnly(context.caller)) {
    const workload = workloadAccess?.workloadOf(route, source);
    if (policy.lease === 'workload') {
      await bus.request(AuthorizeLease, { workload_id: workload ?? '' }, questionOf(context));
    }
    return;
  }
  if (policy.rule === undefined) return;
  await workloadAccess?.authorize(bus, { action: policy.rule, route, source, context });
};

/** Whether leases decide about the request in another service than the one that serves it: it is authorized here. */
export const needsLease = ({ policy }: AnyRoute, caller: Caller): boolean =>
  policy !== 'public' && policy.lease === 'workload' && isWorkerOnly(caller);

/** The context of a question that is asked on the way to a command: it does not carry the command's id. */
export const questionOf = ({ correlationId, deadlineMs, dialect, caller }: MessageContext): MessageContext => ({
  ...{ correlationId, deadlineMs, dialect, caller },
});

/** Whether a plain user asks for something that belongs to another user. */
export const isForeign = ({ policy }: AnyRoute, source: RequestSource, caller: Caller): boolean =>
  policy !== 'public' && policy.own !== undefined && !policy.own.isOf(caller, source);

/**
 * The error to answer instead of one that validation found: callers without access learn that first (IceProd contract
 * 1.2.5).
 */
export const errorAfterAuthorization = async (
  error: unknown,
  ...request: Parameters<typeof authorize>
): Promise<unknown> => {
  if (!(error instanceof DomainError)) return error;
  try {
    await authorize(...request);
    return error;
  } catch (accessError) {
    return accessError;
  }
};
