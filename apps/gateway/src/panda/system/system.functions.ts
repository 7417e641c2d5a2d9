import { defineFunction } from '../protocol/function.js';

const module = 'system';

/** PanDA contract 6.9. */
export const systemFunctions = {
  get_attributes: defineFunction({
    module,
    name: 'get_attributes',
    methods: ['GET'],
    access: 'secure',
    parameters: {},
    ignoresUnknown: true,
    summary: 'What the server knows of the request',
    data: { type: 'object', additionalProperties: true },
  }),
  get_voms_attributes: defineFunction({
    module,
    name: 'get_voms_attributes',
    methods: ['GET'],
    access: 'secure',
    parameters: {},
    summary: 'The identity of the caller as a certificate would tell it',
    data: { type: 'object', additionalProperties: { type: 'string' } },
  }),
  get_user_attributes: defineFunction({
    module,
    name: 'get_user_attributes',
    methods: ['GET'],
    access: 'secure',
    parameters: {},
    summary: 'Who the caller is to the server',
    data: {
      type: 'object',
      required: [
        'user_dn_raw',
        'user_dn_clean',
        'fqans',
        'is_production_user',
        'production_working_groups',
        'primary_working_group',
      ],
      properties: {
        user_dn_raw: { type: 'string' },
        user_dn_clean: { type: 'string' },
        fqans: { type: 'array', items: { type: 'string' } },
        is_production_user: { type: 'boolean' },
        production_working_groups: { type: 'array', items: { type: 'string' } },
        primary_working_group: { type: ['string', 'null'] },
      },
    },
  }),
  get_https_endpoint: defineFunction({
    module,
    name: 'get_https_endpoint',
    methods: ['GET'],
    access: 'none',
    parameters: {},
    summary: 'Host and port of the API over TLS',
    data: { type: 'string' },
  }),
  get_http_endpoint: defineFunction({
    module,
    name: 'get_http_endpoint',
    methods: ['GET'],
    access: 'none',
    parameters: {},
    summary: 'Host and port of the API',
    data: { type: 'string' },
  }),
  is_alive: defineFunction({
    module,
    name: 'is_alive',
    methods: ['GET'],
    access: 'none',
    parameters: {},
    summary: 'Whether the server lives',
    data: { type: 'null' },
  }),
};
