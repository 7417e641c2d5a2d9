import type { BodyLimits } from '../body/body-limits.js';
import { accessBody } from './bodies.js';
import { workflow } from './parameters.js';
import { TEXT, torcRoute } from './torc-route.js';

const path = '/cairn/torc/workflows/:key/access';

const NAMES = { type: 'array', items: TEXT } as const;
const ACCESS = { type: 'object', required: ['users', 'groups'], properties: { users: NAMES, groups: NAMES } } as const;
const EXAMPLE = { users: ['alice'], groups: ['simulation'] } as const;

/** Some names, twice over. */
const SOME_NAMES: Partial<BodyLimits> = { valuesMax: 3_000, namesMax: 100 };

/** What Cairn adds to Torc. */
export const workflowAccessRoutes = {
  get: torcRoute({
    name: 'torcGetAccess',
    tag: 'access',
    method: 'GET',
    path,
    summary: 'Who may use a workflow: these users and members of these groups; everyone when both are empty',
    fields: { workflow: workflow('key') },
    response: ACCESS,
    examples: { response: EXAMPLE },
    errors: { 403: 'workflow 97 is not shared with bob', 404: 'workflow 97 does not exist' },
  }),
  set: torcRoute({
    name: 'torcSetAccess',
    tag: 'access',
    method: 'PUT',
    path,
    summary: 'Shares a workflow with some users and groups only, or with everyone when both lists are empty',
    records: ['AccessRuleSet'],
    fields: { workflow: workflow('key'), access: accessBody },
    bodyLimits: SOME_NAMES,
    response: ACCESS,
    examples: { request: EXAMPLE, response: EXAMPLE },
    errors: { 403: 'workflow 97 is not shared with bob', 404: 'workflow 97 does not exist' },
  }),
};
