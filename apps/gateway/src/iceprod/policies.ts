import type { Policy } from '../route/route.js';

const SERVICE_ROLES = ['admin', 'system'] as const;
const PILOT_ROLES = ['admin', 'system', 'pilot'] as const;
const EVERYBODY_ROLES = ['admin', 'system', 'user'] as const;
const EVERYBODY_AND_PILOT_ROLES = ['admin', 'system', 'pilot', 'user'] as const;

/** Who may call what (IceProd contract 2), in the words of the route list. */
export const ADMINS: Policy = { roles: ['admin'] };
export const SERVICES: Policy = { roles: SERVICE_ROLES };
export const SERVICES_AND_PILOTS: Policy = { roles: PILOT_ROLES };
export const EVERYBODY: Policy = { roles: EVERYBODY_ROLES };
export const READERS: Policy = { roles: EVERYBODY_ROLES, rule: 'read' };
export const READERS_AND_PILOTS: Policy = { roles: EVERYBODY_AND_PILOT_ROLES, rule: 'read' };
export const WRITERS: Policy = { roles: EVERYBODY_ROLES, rule: 'write' };
