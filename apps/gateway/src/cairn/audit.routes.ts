import { HISTORY_LIMIT_MAX, HISTORY_ORDERS } from '#contracts/cairn/audit.js';
import { cairnRoute } from './cairn-route.js';
import { historyFilterFields, placeParameter, seenPlaceParameter } from './history-fields.js';
import { limitParameter, wordParameter } from './parameters.js';

const text = { type: 'string' };

/** An event as a CloudEvent 1.0. */
const cloudEventSchema = {
  type: 'object',
  description: 'CloudEvent 1.0; `dataschema` names the schema of `data`, which is served under /cairn/events/schemas',
  required: [
    ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'sequence'],
    ...['revision', 'actor', 'dialect', 'correlationid', 'causationid', 'data'],
  ],
  properties: {
    specversion: { type: 'string', enum: ['1.0'] },
    id: text,
    source: { type: 'string', description: 'the stream, as /cairn/streams/<name>' },
    type: { type: 'string', description: 'cairn.<dialect>.<event type>' },
    subject: { type: 'string', description: 'ref of what was changed' },
    time: { type: 'string', description: 'UTC, microseconds, with its zone `Z`' },
    datacontenttype: text,
    dataschema: text,
    sequence: { type: 'string', description: 'place in the history: what comes `after` it follows the event' },
    revision: { type: 'integer', description: 'number of the event in its stream, from 0 on' },
    actor: { type: 'string', description: 'account that made the change' },
    issuer: { type: 'string', description: 'external issuer that vouched for the actor' },
    dialect: { type: 'string', description: 'API by which the change was made' },
    correlationid: { type: 'string', description: 'request that led to it' },
    causationid: { type: 'string', description: 'command, or event, that led to it' },
    data: { type: 'object', additionalProperties: true },
  },
};

export const auditRoutes = {
  events: cairnRoute({
    name: 'listEvents',
    tag: 'history',
    method: 'GET',
    path: '/cairn/history/events',
    policy: { roles: ['admin', 'system', 'user'] },
    summary:
      'Events that the caller may read, newest first. A page may have fewer than `limit`, or none, although more follow: ask again with `next`. ' +
      'With `Accept: application/x-ndjson` all of them, one a line, oldest first unless `order` says otherwise',
    isStrict: true,
    fields: {
      ...historyFilterFields,
      after: seenPlaceParameter('after', 'only what took effect behind it'),
      up_to: placeParameter('up_to', 'only what took effect up to it'),
      order: wordParameter('order', 'order of effect', HISTORY_ORDERS),
      limit: limitParameter(HISTORY_LIMIT_MAX, 100),
      cursor: placeParameter('cursor', '`next` of the page before'),
    },
    response: {
      type: 'object',
      required: ['events'],
      properties: {
        events: { type: 'array', items: cloudEventSchema },
        next: { type: 'string', description: 'cursor of the next page; absent on the last one' },
        looked_up_to: {
          type: 'string',
          description: 'oldest first: what is recorded later comes `after` this place',
        },
      },
    },
    errors: { 404: 'no such workload, unit or group', 409: 'several have this id' },
  }),
};
