import { defineFunction, defineLegacy, optional } from '../protocol/function.js';

const module = 'metaconfig';

const RESOURCE_TYPES = {
  type: 'array',
  items: {
    type: 'object',
    required: ['resource_name', 'mincore', 'maxcore', 'minrampercore', 'maxrampercore'],
    properties: {
      resource_name: { type: 'string' },
      mincore: { type: ['integer', 'null'] },
      maxcore: { type: ['integer', 'null'] },
      minrampercore: { type: ['integer', 'null'] },
      maxrampercore: { type: ['integer', 'null'] },
    },
  },
};

/** PanDA contract 6.6. */
export const metaconfigFunctions = {
  get_banned_users: defineFunction({
    module,
    name: 'get_banned_users',
    methods: ['GET'],
    access: 'secure',
    parameters: {},
    summary: 'Users who are banned; the values say nothing',
    data: { type: 'object', additionalProperties: { type: 'boolean' } },
  }),
  get_site_specs: defineFunction({
    module,
    name: 'get_site_specs',
    methods: ['GET'],
    access: 'secure',
    relaxed: 'none',
    parameters: { type: optional('str', 'analysis', { description: 'type of queues, or `all`' }) },
    summary: 'What queues are like, by name',
    data: { type: 'object', additionalProperties: { type: 'object', additionalProperties: true } },
  }),
  get_resource_types: defineFunction({
    module,
    name: 'get_resource_types',
    methods: ['GET'],
    access: 'production',
    relaxed: 'secure',
    parameters: {},
    summary: 'Resource types with their bounds, in the order in which jobs are matched',
    data: RESOURCE_TYPES,
  }),
};

/** PanDA contract 12. */
export const metaconfigLegacy = {
  getResourceTypes: defineLegacy({
    module,
    name: 'getResourceTypes',
    methods: ['GET', 'POST'],
    access: 'production',
    acceptsPilots: true,
    relaxed: 'secure',
    parameters: {},
    records: [],
    summary: 'Resource types with their bounds',
  }),
};
