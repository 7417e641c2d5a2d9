import type { Schema } from '../../route/field.js';
import { defineFunction, optional, required } from '../protocol/function.js';

const module = 'job';

const DESCRIPTION: Schema = {
  type: ['object', 'null'],
  description: 'All attributes of the job, and its files as `Files`; null for an unknown job',
  additionalProperties: true,
};

/** The clients of the seed send it; the answer does not take long. */
const timeout = optional('untyped', 60);

const description = (name: 'get_description' | 'get_description_incl_archive', summary: string) =>
  defineFunction({
    ...{ module, name, summary, methods: ['GET', 'POST'], access: 'secure' },
    parameters: { job_ids: required('List[int]'), timeout },
    records: [],
    data: { type: 'array', items: DESCRIPTION },
  });

/** What is read of jobs (PanDA contract 6.5). */
export const jobReadFunctions = {
  get_status: defineFunction({
    module,
    name: 'get_status',
    methods: ['GET'],
    access: 'secure',
    parameters: { job_ids: required('List[int]'), timeout },
    summary: 'Statuses of jobs, with the commands that wait for their pilots',
    data: {
      type: 'array',
      items: {
        type: 'object',
        required: ['status', 'command'],
        properties: { status: { type: 'string' }, command: { type: ['string', 'null'] } },
      },
    },
  }),
  get_description: description('get_description', 'Everything that is known of jobs'),
  get_description_incl_archive: description(
    'get_description_incl_archive',
    'Everything that is known of jobs, however old they are',
  ),
  generate_offline_execution_script: defineFunction({
    module,
    name: 'generate_offline_execution_script',
    methods: ['GET'],
    access: 'secure',
    relaxed: 'none',
    parameters: { job_id: required('int'), days: optional('int', null), timeout },
    summary: 'A shell script that runs a job by hand, as text',
  }),
  get_metadata_for_analysis_jobs: defineFunction({
    module,
    name: 'get_metadata_for_analysis_jobs',
    methods: ['GET'],
    access: 'secure',
    parameters: { task_id: required('int') },
    summary: 'What finished jobs of users have told of their outputs, by PandaID',
    data: { type: 'object', additionalProperties: true },
  }),
};
