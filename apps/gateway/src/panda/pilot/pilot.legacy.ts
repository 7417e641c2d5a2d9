import { defineLegacy, optional, type Parameter, required } from '../protocol/function.js';
import { LEGACY_REPORT_FIELDS, REPORT_RECORDS } from './report-parameters.js';

const module = 'pilot';

const REPORT: Readonly<Record<string, Parameter>> = Object.fromEntries(
  Object.keys(LEGACY_REPORT_FIELDS).map((name) => [name, optional('untyped', null)]),
);

/** PanDA contract 12: jobs for pilots. */
export const pilotLegacy = {
  getJob: defineLegacy({
    module,
    name: 'getJob',
    methods: ['POST'],
    access: 'secure',
    acceptsPilots: true,
    parameters: {
      siteName: required('str'),
      timeout: optional('int', 60),
      mem: optional('int', null),
      diskSpace: optional('int', null),
      prodSourceLabel: optional('str', null),
      node: optional('str', null),
      computingElement: optional('str', null),
      prodUserID: optional('str', null),
      getProxyKey: optional('str', null),
      taskID: optional('int', null),
      nJobs: optional('int', null),
      background: optional('bool', false),
      resourceType: optional('str', null),
      harvester_id: optional('str', null),
      worker_id: optional('int', null),
      schedulerID: optional('str', null),
      jobType: optional('str', null),
      remaining_time: optional('int', null),
    },
    summary: 'Acquire a job',
    records: ['UnitsClaimed'],
  }),
  updateJob: defineLegacy({
    module,
    name: 'updateJob',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      jobId: required('str'),
      state: required('str'),
      attemptNr: optional('int', null),
      timeout: optional('int', 60),
      ...REPORT,
    },
    summary: 'Report about a job',
    records: REPORT_RECORDS,
  }),
  updateJobsInBulk: defineLegacy({
    module,
    name: 'updateJobsInBulk',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    refusal: 'tuple',
    parameters: {
      jobList: required('untyped', { description: 'JSON text of a list' }),
      harvester_id: optional('str', null),
    },
    summary: 'Report about many jobs',
    records: REPORT_RECORDS,
  }),
};
