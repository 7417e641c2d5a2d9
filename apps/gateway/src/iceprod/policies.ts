import { WORKER_ROLE } from '#contracts/leases.js';
import type { LeaseScope, Policy } from '../route/route.js';

const SERVICE_ROLES = ['admin', 'system'] as const;
const PILOT_ROLES = ['admin', 'system', 'pilot'] as const;
export const EVERYBODY_ROLES = ['admin', 'system', 'user'] as const;
const EVERYBODY_AND_PILOT_ROLES = ['admin', 'system', 'pilot', 'user'] as const;

/** Opens a route to workers too, as far as their leases reach. */
const withWorkers = (policy: Exclude<Policy, 'public'>, lease: LeaseScope): Policy => ({
  ...policy,
  roles: [...policy.roles, WORKER_ROLE],
  lease,
});

/** Who may call what (IceProd contract 2), in the words of the route list. */
export const ADMINS: Policy = { roles: ['admin'] };
export const SERVICES: Policy = { roles: SERVICE_ROLES };
export const SERVICES_AND_PILOTS: Policy = { roles: PILOT_ROLES };
export const EVERYBODY: Policy = { roles: EVERYBODY_ROLES };
/** Users see the asynchronous requests that they have made, and those of datasets that they may read. */
export const REQUEST_READERS: Policy = {
  roles: EVERYBODY_ROLES,
  note: 'users need to have made it, or the read rule of its dataset',
};
/** A valid token is enough. Pilots count as nobody there: the contract names where they may go. */
export const ANY_TOKEN: Policy = { roles: EVERYBODY_ROLES, anyToken: true };
/** Who may exchange a token for a lesser one (IceProd contract 15). */
export const TOKEN_HOLDERS: Policy = { roles: ['admin', 'user', 'client'] };
export const READERS: Policy = { roles: EVERYBODY_ROLES, rule: 'read' };
export const WRITERS: Policy = { roles: EVERYBODY_ROLES, rule: 'write' };

/** Contract 2.4 has the role `pilot` only, which reaches everything that these routes lead to. */
export const CLAIMING_WORKERS: Policy = withWorkers({ roles: SERVICE_ROLES }, 'claim');
export const SERVICES_AND_HOLDERS: Policy = withWorkers({ roles: SERVICE_ROLES }, 'unit');
export const PILOTS_AND_HOLDERS: Policy = withWorkers({ roles: PILOT_ROLES }, 'unit');
export const READERS_AND_HOLDERS: Policy = withWorkers({ roles: EVERYBODY_AND_PILOT_ROLES, rule: 'read' }, 'unit');
export const READERS_AND_WORKERS: Policy = withWorkers({ roles: EVERYBODY_AND_PILOT_ROLES, rule: 'read' }, 'workload');
export const PILOTS_AND_OWN_WORKER: Policy = withWorkers({ roles: PILOT_ROLES }, 'worker');
