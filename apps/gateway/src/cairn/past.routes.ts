import type { Moment } from '#contracts/cairn/past.js';
import { INSTANT_EXPECTED } from '#platform/instant.js';
import { intParameter, parsedParameter, path, textParameter } from '../route/fields.js';
import { invalid } from '../route/request-source.js';
import { cairnRoute } from './cairn-route.js';
import { limitParameter, readGivenTime, timeParameter } from './parameters.js';

const text = { type: 'string' };
const position = { type: 'integer', description: 'place in the whole history' };
const document = { type: 'object', additionalProperties: true };

/** A moment that is long ago may have to be made of many events. */
const DEADLINE_MS = 60_000;

const UNITS_MAX = 1_000;

const moment = { type: 'object', properties: { position, time: text } };
const differences = {
  type: 'object',
  additionalProperties: { type: 'object', properties: { from: {}, to: {} } },
};

/** A position, or a time. */
const momentParameter = (name: string, description: string) =>
  parsedParameter(name, { type: 'string' }, `${description}: a position, or ${INSTANT_EXPECTED}`, (given): Moment => {
    if (/^\d{1,15}$/.test(given)) return { position: Number(given) };
    const time_micros = readGivenTime(given);
    if (time_micros === undefined) throw invalid(`${name} must be a position, or ${INSTANT_EXPECTED}`);
    return { time_micros };
  });

export const pastRoutes = {
  at: cairnRoute({
    name: 'getWorkloadAt',
    tag: 'history',
    method: 'GET',
    path: '/cairn/history/workloads/:workload/at',
    policy: { roles: ['admin', 'system', 'user'], note: 'users need the read rule of the workload' },
    summary: 'A workload as it was: what the APIs answered then, byte for byte',
    deadlineMs: DEADLINE_MS,
    isStrict: true,
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
  diff: cairnRoute({
    name: 'compareWorkload',
    tag: 'history',
    method: 'GET',
    path: '/cairn/history/workloads/:workload/diff',
    policy: { roles: ['admin', 'system', 'user'], note: 'users need the read rule of the workload' },
    summary: 'What differs in a workload between two moments',
    deadlineMs: DEADLINE_MS,
    isStrict: true,
    fields: {
      workload: path('ref of the workload, or its id in its dialect where that is unique'),
      from: momentParameter('from', 'the earlier moment'),
      to: momentParameter('to', 'the later moment, by default now'),
      limit: limitParameter(UNITS_MAX, 100),
      cursor: textParameter('cursor', '`next` of the page before'),
    },
    response: {
      type: 'object',
      required: ['ref', 'from', 'to', 'units'],
      properties: {
        ref: text,
        from: moment,
        to: moment,
        workload: { ...differences, description: 'members of `GET /cairn/workloads/{ref}`; on the first page only' },
        document: { ...differences, description: "members of the dialect's document; on the first page only" },
        units: {
          type: 'array',
          description: 'those whose status differs, in order of creation; null where the unit was not there',
          items: {
            type: 'object',
            properties: { unit_id: text, from: { type: ['string', 'null'] }, to: { type: ['string', 'null'] } },
          },
        },
        next: { type: 'string', description: 'cursor of the next page, which may be empty; absent on the last one' },
      },
    },
    errors: {
      400: 'from must be a position, or a time with its zone',
      404: 'no such workload',
      409: 'several workloads have this id',
    },
  }),
};
