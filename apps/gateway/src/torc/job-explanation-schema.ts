import type { Schema } from '../route/field.js';

const text = { type: 'string' };
const anything = { type: 'object', additionalProperties: true };
const namedJob = {
  type: 'object',
  properties: { job_id: text, name: { type: ['string', 'null'] }, status: text },
};

/** Why a job is not running. */
export const JOB_EXPLANATION: Schema = {
  type: 'object',
  required: ['job_id', 'workflow_key', 'reason', 'status', 'phase', 'blockers', 'requirements', 'offers'],
  properties: {
    job_id: text,
    workflow_key: text,
    reason: { type: 'string', description: 'one sentence: what would have to change first' },
    status: text,
    phase: { type: 'string', description: 'what the status means to Cairn' },
    status_changed: text,
    run_id: { type: 'integer' },
    blockers: {
      type: 'object',
      properties: {
        open: { type: 'integer' },
        jobs: {
          type: 'array',
          description: 'the first 100 that are not complete, with the files and user data that they are to make for it',
          items: namedJob,
        },
        origins: {
          type: 'array',
          description: 'jobs that are not blocked themselves, and hold all up',
          items: namedJob,
        },
      },
    },
    requirements: anything,
    offers: {
      type: 'array',
      description: 'the last 20 different offers of workers to the workflow, latest first; forgotten at a restart',
      items: {
        type: 'object',
        properties: {
          seen: text,
          resources: anything,
          found: { type: 'boolean', description: 'there was a job for it the last time' },
          fits: { type: 'boolean' },
          misfits: {
            type: 'array',
            items: { type: 'object', properties: { name: text, asked: {}, offered: {} } },
          },
        },
      },
    },
    return_code: { type: ['integer', 'null'] },
  },
};

/** Why nothing, or nothing more, starts in a workflow. */
export const WORKFLOW_EXPLANATION: Schema = {
  type: 'object',
  required: ['workflow_key', 'reason', 'is_canceled', 'is_archived', 'run_id', 'jobs', 'job'],
  properties: {
    workflow_key: text,
    reason: { type: 'string', description: 'what would have to change first' },
    is_canceled: { type: 'boolean' },
    is_archived: { type: 'boolean' },
    run_id: { type: 'integer' },
    jobs: { type: 'object', description: 'by status', additionalProperties: { type: 'integer' } },
    job: {
      description: 'the job that the reason is about, if it is about one',
      anyOf: [{ type: 'null' }, { $ref: '#/components/schemas/TorcJobExplanation' }],
    },
  },
};
