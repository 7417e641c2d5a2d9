import type { Bus } from '#bus/bus.js';
import type { Caller, MessageContext } from '#bus/contract.js';
import { DomainError } from '#platform/domain-error.js';
import type { Dialect } from '../dialect.js';
import type { RequestSource } from './request-source.js';
import type { AnyRoute } from './route.js';

/** @throws DomainError when the caller may not do this with the workload that the request's path names */
export const authorize = async (
  bus: Bus,
  { workloadAccess }: Dialect,
  route: AnyRoute,
  source: RequestSource,
  context: MessageContext,
): Promise<void> => {
  const { policy } = route;
  if (policy === 'public' || policy.rule === undefined) return;
  await workloadAccess?.authorize(bus, { action: policy.rule, route, source, context });
};

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
