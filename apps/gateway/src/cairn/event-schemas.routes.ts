import { path } from '../route/fields.js';
import { cairnRoute } from './cairn-route.js';

const text = { type: 'string' };

export const eventSchemaRoutes = {
  list: cairnRoute({
    name: 'listEventSchemas',
    tag: 'events',
    method: 'GET',
    path: '/cairn/events/schemas',
    policy: 'public',
    summary: 'All types of events, with the places of their schemas',
    fields: {},
    response: {
      type: 'object',
      required: ['schemas'],
      properties: {
        schemas: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              dialect: { type: 'string', description: 'of the stream that the event is in' },
              type: text,
              version: { type: 'integer' },
              description: { type: 'string', description: 'what happened' },
              dataschema: { type: 'string', description: 'as events name it' },
              path: text,
            },
          },
        },
      },
    },
  }),
  one: cairnRoute({
    name: 'getEventSchema',
    tag: 'events',
    method: 'GET',
    path: '/cairn/events/schemas/:dialect/:type/:version',
    policy: 'public',
    summary: "The JSON Schema of an event's data, which the member dataschema of an event names",
    fields: {
      dialect: path('iceprod, panda, torc or cairn'),
      type: path('type of the event, such as UnitsClaimed'),
      version: path('a number from 1 on'),
    },
    contentType: 'application/schema+json; charset=utf-8',
    response: { type: 'object', additionalProperties: true },
    errors: { 404: 'no such schema' },
  }),
};
