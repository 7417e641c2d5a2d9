import { path } from '../route/fields.js';
import { cairnRoute } from './cairn-route.js';

export const historyRoutes = {
  unit: cairnRoute({
    name: 'getUnitHistory',
    tag: 'history',
    method: 'GET',
    path: '/cairn/history/units/:unit_id',
    policy: {
      roles: ['admin', 'system', 'pilot', 'user'],
      note: "users need the read rule of the unit's workload",
    },
    summary: 'All events of a unit, oldest first',
    fields: { unit_id: path('id of the unit in its dialect, such as a task_id') },
    response: {
      type: 'object',
      required: ['unit_id', 'events'],
      properties: {
        unit_id: { type: 'string' },
        events: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              position: { type: 'integer', description: 'place in the whole history' },
              time: { type: 'string', description: 'ISO 8601 with microseconds and the zone `Z` (UTC)' },
              actor: { type: 'string' },
              event: { type: 'string', description: 'what happened' },
              cause: { type: 'string', description: 'id of the command, or of the event that led to it' },
              data: { type: 'object', additionalProperties: true },
            },
          },
        },
      },
    },
    errors: { 404: 'no such unit' },
  }),
};
