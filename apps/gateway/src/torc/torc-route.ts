import type { Fields, Schema } from '../route/field.js';
import { defineRoute, type Policy, type Route, type RouteSpec } from '../route/route.js';

/** Every user may use every workflow, unless somebody has limited it: the tasks service knows. A worker of Cairn has no business here: Torc's own have no lease. */
const POLICY: Policy = {
  roles: ['admin', 'system', 'user'],
  note: 'Programs on the machine of an embedded Cairn need no token',
};

export const torcRoute = <F extends Fields>(
  spec: Omit<RouteSpec<F>, 'dialect' | 'policy'> & { readonly policy?: 'public' },
): Route<F> => defineRoute({ policy: POLICY, ...spec, dialect: 'torc' });

export const documentOf = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** Torc contract 1.6. */
export const listOf = (items: Schema): Schema => ({
  type: 'object',
  required: ['items', 'skip', 'max_limit', 'count', 'total_count', 'has_more'],
  properties: {
    items: { type: 'array', items },
    skip: { type: 'integer' },
    max_limit: { type: 'integer' },
    count: { type: 'integer' },
    total_count: { type: 'integer' },
    has_more: { type: 'boolean' },
  },
});

/** `{<name>: [...]}` */
export const membersOf = (name: string, items: Schema): Schema => ({
  type: 'object',
  required: [name],
  properties: { [name]: { type: 'array', items } },
});

/** `{"message": "…"}` */
export const MESSAGE: Schema = {
  type: 'object',
  required: ['message'],
  properties: { message: { type: 'string' } },
};

export const TEXT: Schema = { type: 'string' };
