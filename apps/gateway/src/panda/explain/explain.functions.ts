import type { Schema } from '../../route/field.js';
import { defineOwn, optional, required } from '../protocol/function.js';

const module = 'explain';

const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer' };

const EXPLANATION: Schema = {
  type: 'object',
  required: ['reason', 'status'],
  properties: {
    reason: { type: 'string', description: 'one sentence: what would have to change first' },
    status: text,
  },
  additionalProperties: true,
};

/** What PanDA's users ask for beyond its API (PanDA contract 14). */
export const explainFunctions = {
  explain_task: defineOwn({
    module,
    name: 'explain_task',
    methods: ['GET'],
    access: 'secure',
    parameters: { task_id: required('int') },
    summary: 'Why a task is where it is, with all reasons that were given on its way',
    data: EXPLANATION,
  }),
  explain_job: defineOwn({
    module,
    name: 'explain_job',
    methods: ['GET'],
    access: 'secure',
    parameters: { job_id: required('int') },
    summary: 'Why a job is where it is, with all of its errors',
    data: EXPLANATION,
  }),
  failed_tasks: defineOwn({
    module,
    name: 'failed_tasks',
    methods: ['GET', 'POST'],
    access: 'secure',
    parameters: {
      user: optional('str', null, { description: 'Compact name; the caller without it. Others need production' }),
      since: optional('str', null, { description: '%Y-%m-%d %H:%M:%S: only tasks that were modified since then' }),
      dry_run: optional('bool', null, { description: 'Only show what would be retried. True by default of GET' }),
    },
    records: ['CommandRegistered'],
    summary: 'Finds all tasks of a user that have failed or ended with failures, and retries them',
    data: {
      type: 'object',
      required: ['dry_run', 'retried', 'tasks'],
      properties: {
        dry_run: { type: 'boolean' },
        retried: count,
        tasks: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              ...{ task_id: count, name: text, status: text, reason: { type: ['string', 'null'] } },
              ...{ files: count, files_finished: count, files_failed: count },
              ...{ can_retry: { type: 'boolean' }, message: text },
            },
          },
        },
      },
    },
  }),
};
