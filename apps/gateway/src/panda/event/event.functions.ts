import type { Schema } from '../../route/field.js';
import { defineFunction, optional, required } from '../protocol/function.js';
import { listText } from '../protocol/leniencies.js';

const module = 'event';

const RANGE: Schema = {
  type: 'object',
  properties: {
    eventRangeID: { type: 'string' },
    startEvent: { type: 'integer' },
    lastEvent: { type: 'integer' },
    LFN: { type: ['string', 'null'] },
    GUID: { type: ['string', 'null'] },
    scope: { type: ['string', 'null'] },
  },
};

const STATUS_CODE: Schema = { type: 'integer' };
const COMMAND: Schema = { type: 'string', description: 'A JSON object: by PandaID a command or null' };

/** Repeated keys, each with one pair (contract 1.6). */
const pairsText = (value: unknown): string | undefined =>
  Array.isArray(value)
    ? `[${value.map((pair) => (typeof pair === 'string' ? pair : JSON.stringify(pair))).join(',')}]`
    : undefined;

/** PanDA contract 6.2. */
export const eventFunctions = {
  get_available_event_range_count: defineFunction({
    module,
    name: 'get_available_event_range_count',
    methods: ['GET'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      job_id: required('int'),
      jobset_id: required('int'),
      task_id: required('int'),
      timeout: optional('untyped', 60),
    },
    summary: 'How many event ranges a job could acquire',
    data: { type: 'integer' },
  }),
  get_event_range_statuses: defineFunction({
    module,
    name: 'get_event_range_statuses',
    methods: ['GET'],
    access: 'secure',
    parameters: {
      job_task_ids: required('str', {
        accepts: pairsText,
        description: 'A JSON list of pairs `{"task_id":10000123,"job_id":5000001}`',
      }),
    },
    summary: 'Statuses of the event ranges of jobs',
    data: { type: 'object', additionalProperties: { type: 'object', additionalProperties: true } },
  }),
  acquire_event_ranges: defineFunction({
    module,
    name: 'acquire_event_ranges',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      job_id: required('int'),
      jobset_id: required('int'),
      task_id: optional('int', null),
      n_ranges: optional('int', 10),
      timeout: optional('int', 60),
      scattered: optional('bool', false),
      segment_id: optional('int', null, { description: 'The id of a dataset' }),
    },
    summary: 'Give ready event ranges to a job',
    data: { type: 'object', properties: { StatusCode: STATUS_CODE, eventRanges: { type: 'array', items: RANGE } } },
    records: ['RangesAcquired', 'UnitsMoved'],
  }),
  update_single_event_range: defineFunction({
    module,
    name: 'update_single_event_range',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      event_range_id: required('str'),
      event_range_status: required('str'),
      core_count: optional('int', null),
      cpu_consumption_time: optional('float', null),
      object_store_id: optional('int', null),
      timeout: optional('int', 60),
    },
    summary: 'Report about one event range',
    data: { type: ['object', 'null'], properties: { Command: COMMAND } },
    records: ['RangesReported', 'JobsAmended'],
  }),
  update_event_ranges: defineFunction({
    module,
    name: 'update_event_ranges',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      event_ranges: required('str', { accepts: listText, description: 'A JSON list, as text or native' }),
      timeout: optional('int', 120),
      version: optional('int', 0),
    },
    summary: 'Report about event ranges',
    data: {
      type: ['object', 'null'],
      properties: {
        StatusCode: STATUS_CODE,
        Returns: { type: 'array', items: { type: ['boolean', 'null'] } },
        Commands: { type: 'object', additionalProperties: { type: ['string', 'null'] } },
        Command: COMMAND,
      },
    },
    records: ['RangesReported', 'JobsAmended'],
  }),
};
