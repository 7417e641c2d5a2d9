import type { Policy } from '../route/route.js';

const SERVICE_ROLES = ['admin', 'system'] as const;
const PILOT_ROLES = ['admin', 'system', 'pilot'] as const;
export const EVERYBODY_ROLES = ['admin', 'system', 'user'] as const;
const EVERYBODY_AND_PILOT_ROLES = ['admin', 'system', 'pilot', 'user'] as const;

/** Who may call what (IceProd contract 2), in the words of the route list. */
export const ADMINS: Policy = { roles: ['admin'] };
export const SERVICES: Policy = { roles: SERVICE_ROLES };
export const SERVICES_AND_PILOTS: Policy = { roles: PILOT_ROLES };
export const EVERYBODY: Policy = { roles: EVERYBODY_ROLES };
/** A valid token is enough. Pilots count as nobody there: the contract names where they may go. */
export const ANY_TOKEN: Policy = { roles: EVERYBODY_ROLES, anyToken: true };
/** Who may exchange a token for a lesser one (IceProd contract 15). */
export const TOKEN_HOLDERS: Policy = { roles: ['admin', 'user', 'client'] };
export const READERS: Policy = { roles: EVERYBODY_ROLES, rule: 'read' };
export const READERS_AND_PILOTS: Policy = { roles: EVERYBODY_AND_PILOT_ROLES, rule: 'read' };
export const WRITERS: Policy = { roles: EVERYBODY_ROLES, rule: 'write' };
