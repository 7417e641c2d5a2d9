import { defineLegacy, optional, required } from '../protocol/function.js';

const module = 'event';

/** PanDA contract 12. */
export const eventLegacy = {
  getEventRanges: defineLegacy({
    module,
    name: 'getEventRanges',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      pandaID: required('int'),
      jobsetID: required('int'),
      taskID: optional('int', null),
      nRanges: optional('int', 10),
      timeout: optional('int', 60),
      scattered: optional('bool', false),
      segment_id: optional('int', null),
    },
    summary: 'Give ready event ranges to a job',
    records: ['RangesAcquired', 'UnitsMoved'],
  }),
  updateEventRange: defineLegacy({
    module,
    name: 'updateEventRange',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      eventRangeID: required('str'),
      eventStatus: required('str'),
      coreCount: optional('int', null),
      cpuConsumptionTime: optional('float', null),
      objstoreID: optional('int', null),
      timeout: optional('int', 60),
    },
    summary: 'Report about one event range',
    records: ['RangesReported', 'JobsAmended'],
  }),
  updateEventRanges: defineLegacy({
    module,
    name: 'updateEventRanges',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: { eventRanges: required('str'), timeout: optional('int', 120), version: optional('int', 0) },
    summary: 'Report about event ranges',
    records: ['RangesReported', 'JobsAmended'],
  }),
  checkEventsAvailability: defineLegacy({
    module,
    name: 'checkEventsAvailability',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      pandaID: required('int'),
      jobsetID: required('int'),
      taskID: required('int'),
      timeout: optional('int', 60),
    },
    summary: 'How many event ranges a job could acquire',
    records: [],
  }),
  get_events_status: defineLegacy({
    module,
    name: 'get_events_status',
    methods: ['GET', 'POST'],
    access: 'secure',
    parameters: { ids: required('str') },
    summary: 'Statuses of the event ranges of jobs',
    records: [],
  }),
};
