import { defineOwn, optional, required } from '../protocol/function.js';

const module = 'operators';

/** What the contract leaves to operators. */
export const operatorFunctions = {
  requests: defineOwn({
    module,
    name: 'requests',
    methods: ['GET'],
    access: 'production',
    parameters: {
      kind: optional('str', null, { description: 'file_recovery, workflow or event_picking' }),
      limit: optional('int', 100, { description: 'at most 1000' }),
      cursor: optional('str', null, { description: '`next` of the answer before' }),
    },
    summary: 'List the requests that users have made of operators, the latest first',
    data: { type: ['object', 'null'], properties: { requests: { type: 'array' }, next: { type: ['string', 'null'] } } },
    records: [],
  }),
  request: defineOwn({
    module,
    name: 'request',
    methods: ['GET'],
    access: 'production',
    parameters: { request_id: required('str') },
    summary: 'Read what a user has sent with such a request',
    records: [],
  }),
};
