import type { Schema } from '../../route/field.js';
import { defineFunction, optional } from '../protocol/function.js';

const module = 'statistics';

const COUNTS: Schema = { type: 'object', additionalProperties: { type: 'integer' } };
const by = (inner: Schema): Schema => ({ type: 'object', additionalProperties: inner });

const read = { module, methods: ['GET'], access: 'secure', relaxed: 'none' } as const;

const timeWindow = optional('int', null, {
  description: 'Minutes, 0 to 10080: final jobs count if they ended within them. 720 without it',
});

/** PanDA contract 8. */
export const statisticsFunctions = {
  job_stats_by_cloud: defineFunction({
    ...read,
    name: 'job_stats_by_cloud',
    parameters: { type: optional('str', 'production', { description: '`production` or `analysis`' }) },
    summary: 'Numbers of jobs by cloud and status',
    data: by(COUNTS),
  }),
  production_job_stats_by_cloud_and_processing_type: defineFunction({
    ...read,
    name: 'production_job_stats_by_cloud_and_processing_type',
    parameters: {},
    summary: 'Numbers of production jobs by cloud, processing type and status',
    data: by(by(COUNTS)),
  }),
  active_job_stats_by_site: defineFunction({
    ...read,
    name: 'active_job_stats_by_site',
    parameters: {},
    summary: 'Numbers of jobs that are not final, by queue and status',
    data: by(COUNTS),
  }),
  active_job_detailed_stats_by_site: defineFunction({
    ...read,
    name: 'active_job_detailed_stats_by_site',
    parameters: {},
    summary: 'Numbers of jobs that are not final, by queue, resource type, label and status',
    data: by(by(by(COUNTS))),
  }),
  job_stats_by_site_and_resource_type: defineFunction({
    ...read,
    name: 'job_stats_by_site_and_resource_type',
    parameters: { time_window: timeWindow },
    summary: 'Numbers of jobs by queue, resource type and status',
    data: by(by(COUNTS)),
  }),
  job_stats_by_site_share_and_resource_type: defineFunction({
    ...read,
    name: 'job_stats_by_site_share_and_resource_type',
    parameters: { time_window: timeWindow },
    summary: 'Numbers of jobs by queue, label of their share, resource type and status',
    data: by(by(by(COUNTS))),
  }),
};
