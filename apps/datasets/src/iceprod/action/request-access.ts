import { DomainError } from '#platform/domain-error.js';
import { objectIn } from '#platform/json-object.js';
import type { Caller } from '#bus/contract.js';
import { bypassesRules } from '#contracts/access.js';
import type { AccessRules } from '#event-sourcing/access-rules.js';
import type { StoredRequest } from './request.js';

/** IceProd's words for every request that the caller may not make or see (IceProd contract 16). */
export const requestDenied = (): DomainError => new DomainError('forbidden', 'request.forbidden', 'auth failed');

/**
 * Whoever made the request, with the role and groups of the token that was presented then. Of the groups of an old request only
 * the one that it submits for is known: it was made by a member.
 *
 * @param submittedFor group of the submission; empty for other requests
 */
export const requesterOf = ({ creator, role, groups }: StoredRequest, submittedFor: string): Caller => ({
  subject: creator,
  username: creator,
  roles: [role],
  groups: groups ?? (submittedFor === '' ? [] : [submittedFor]),
});

/** The dataset that a request concerns, or that a submission has made. */
const datasetOf = ({ datasetId, results }: StoredRequest): string | undefined => {
  const made = results === undefined ? undefined : objectIn(results)?.['dataset_id'];
  return datasetId ?? (typeof made === 'string' ? made : undefined);
};

/** Requests hold configs and error texts of their dataset, so its readers may see them; others see only their own. */
export const authorizeRequestRead = (
  rules: AccessRules,
  request: StoredRequest,
  caller: Caller,
): DomainError | undefined => {
  if (bypassesRules(caller) || request.creator === caller.username) return undefined;
  const datasetId = datasetOf(request);
  return datasetId === undefined || rules.authorize(datasetId, 'read', caller) !== undefined
    ? requestDenied()
    : undefined;
};
