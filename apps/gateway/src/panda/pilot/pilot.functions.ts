import type { Schema } from '../../route/field.js';
import { defineFunction, optional, required } from '../protocol/function.js';
import { REPORT_PARAMETERS, REPORT_RECORDS } from './report-parameters.js';

const module = 'pilot';

/** Stands for the job id `NULL`, which is answered and not refused. */
export const NO_JOB = -1;

const COMMAND: Schema = {
  type: 'object',
  required: ['StatusCode'],
  properties: { StatusCode: { type: 'integer' }, command: { type: 'string' } },
};

const numberText = (value: unknown): number | undefined =>
  typeof value === 'string' && /^\d+$/u.test(value) ? Number(value) : undefined;

/** PanDA contract 6.7: jobs. */
export const pilotFunctions = {
  acquire_jobs: defineFunction({
    module,
    name: 'acquire_jobs',
    methods: ['POST'],
    access: 'secure',
    acceptsPilots: true,
    // Harvester merges criteria of its sites into them (contract 1.6).
    ignoresUnknown: true,
    parameters: {
      site_name: required('str', { aliases: ['siteName'] }),
      timeout: optional('int', 60),
      memory: optional('int', null, { description: 'Megabytes; 0 is no limit' }),
      disk_space: optional('int', null, { description: 'Megabytes; 0 is no limit' }),
      prod_source_label: optional('str', null),
      node: optional('str', null),
      computing_element: optional('str', null),
      prod_user_id: optional('str', null, { aliases: ['prodUserID'] }),
      get_proxy_key: optional('untyped', null),
      task_id: optional('int', null, { aliases: ['taskID'] }),
      n_jobs: optional('int', 1),
      background: optional('bool', null),
      resource_type: optional('str', null, { aliases: ['resourceType'], description: '`*` stands for anything' }),
      harvester_id: optional('str', null),
      worker_id: optional('int', null, { accepts: numberText }),
      scheduler_id: optional('str', null),
      job_type: optional('str', null, { aliases: ['jobType'] }),
      via_topic: optional('bool', null),
      remaining_time: optional('untyped', null, { aliases: ['remainingTime'], description: 'Seconds' }),
    },
    summary: 'Acquire jobs',
    data: {
      type: 'object',
      properties: {
        StatusCode: { type: 'integer' },
        jobs: { type: 'array', items: { type: 'object', additionalProperties: true } },
      },
    },
    records: ['UnitsClaimed'],
  }),
  update_job: defineFunction({
    module,
    name: 'update_job',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      job_id: required('int', { accepts: (value) => (value === 'NULL' ? NO_JOB : undefined) }),
      job_status: required('str'),
      attempt_nr: optional('int', null),
      timeout: optional('int', 60),
      ...REPORT_PARAMETERS,
    },
    summary: 'Report about a job',
    data: COMMAND,
    records: REPORT_RECORDS,
  }),
  update_jobs_bulk: defineFunction({
    module,
    name: 'update_jobs_bulk',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      job_list: required('list', { description: 'Objects with the parameters of `update_job`' }),
      harvester_id: optional('str', null),
    },
    summary: 'Report about many jobs',
    data: {
      type: 'array',
      items: {
        type: 'object',
        properties: { success: { type: 'boolean' }, message: { type: 'string' }, data: COMMAND },
      },
    },
    records: REPORT_RECORDS,
  }),
};
