import { intParameter, path, textParameter } from '../route/fields.js';
import { cairnRoute } from './cairn-route.js';
import { timeParameter } from './parameters.js';

const text = { type: 'string' };
const position = { type: 'integer', description: 'place in the whole history' };
const document = { type: 'object', additionalProperties: true };

/** A moment that is long ago may have to be made of many events. */
const DEADLINE_MS = 60_000;

export const pastRoutes = {
  at: cairnRoute({
    name: 'getWorkloadAt',
    tag: 'history',
    method: 'GET',
    path: '/cairn/history/workloads/:workload/at',
    policy: { roles: ['admin', 'system', 'user'], note: 'users need the read rule of the workload' },
    summary: 'A workload as it was: what the APIs answered then, byte for byte',
    deadlineMs: DEADLINE_MS,
    fields: {
      workload: path('ref of the workload, or its id in its dialect where that is unique'),
      position: intParameter(
        'position',
        'after the event at this position; without `position` and `time` now',
        'position must be a whole number from 0 on',
        0,
      ),
      time_micros: timeParameter('time', 'after the last event up to this time'),
      unit: textParameter('unit', 'id of a unit, whose document is answered besides'),
      path: textParameter(
        'path',
        "path and query of any GET route of the workload's dialect, which is answered instead of the documents; only this workload is there",
      ),
    },
    response: {
      type: 'object',
      required: ['ref', 'position'],
      properties: {
        ref: text,
        position,
        time: { type: 'string', description: 'of the event at the position: UTC, microseconds, with its zone `Z`' },
        workload: { ...document, description: 'as `GET /cairn/workloads/{ref}`: status, phase, counts of its units' },
        document: { ...document, description: 'of the workload, in its dialect' },
        unit: { ...document, description: 'of the unit, in its dialect' },
        answer: {
          type: 'object',
          description: 'to the request for `path`',
          properties: { status: { type: 'integer' }, body: { description: 'a text if it is not JSON' } },
        },
      },
    },
    errors: {
      400: 'position is behind the end of the history',
      404: 'no such workload, or not yet at this moment',
      409: 'several workloads have this id',
      503: 'the moment is being prepared, ask again',
    },
  }),
};
