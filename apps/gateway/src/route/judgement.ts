import type { Bus } from '#bus/bus.js';
import type { Caller, MessageContext } from '#bus/contract.js';
import { bypassesRules } from '#contracts/access.js';
import { JudgeAccess } from '#contracts/iceprod/datasets.js';
import { DomainError } from '#platform/domain-error.js';
import type { RequestSource } from './request-source.js';
import type { AnyRoute } from './route.js';

/** @throws DomainError when the caller may not do this with the dataset that the path names; others know their dataset later */
export const judge = async (
  bus: Bus,
  { policy, path }: AnyRoute,
  source: RequestSource,
  { correlationId, deadlineMs, dialect, caller }: MessageContext,
): Promise<void> => {
  if (policy === 'public' || policy.rule === undefined || bypassesRules(caller)) return;
  if (!path.includes(':dataset_id')) return;
  const question = { dataset_id: source.path('dataset_id'), action: policy.rule };
  await bus.request(JudgeAccess, question, { correlationId, deadlineMs, dialect, caller });
};

/** Whether a plain user asks for what is another's. */
export const isForeign = ({ policy }: AnyRoute, source: RequestSource, caller: Caller): boolean =>
  policy !== 'public' && policy.own !== undefined && !policy.own.isOf(caller, source);

/** A bad request of somebody who may not even ask is refused for that (IceProd contract 1.2.5). */
export const judged = async (
  bus: Bus,
  route: AnyRoute,
  source: RequestSource,
  context: MessageContext,
  error: unknown,
): Promise<unknown> => {
  if (!(error instanceof DomainError)) return error;
  try {
    await judge(bus, route, source, context);
    return error;
  } catch (refusal) {
    return refusal;
  }
};
