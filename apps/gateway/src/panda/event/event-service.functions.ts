import { defineFunction, optional, required } from '../protocol/function.js';

const module = 'task';

/** Functions of module `task` about its event service (PanDA contract 6.10). */
export const eventServiceFunctions = {
  enable_jumbo_jobs: defineFunction({
    module,
    name: 'enable_jumbo_jobs',
    methods: ['POST'],
    access: 'production',
    parameters: {
      task_id: required('int'),
      jumbo_jobs_total: required('int'),
      jumbo_jobs_per_site: optional('int', null),
    },
    summary: 'Give a task jumbo jobs, which process events of all its inputs',
    data: { type: 'integer' },
    records: ['TaskAmended', 'CommandRegistered'],
  }),
  enable_job_cloning: defineFunction({
    module,
    name: 'enable_job_cloning',
    methods: ['POST'],
    access: 'production',
    parameters: {
      jedi_task_id: required('int', { aliases: ['task_id'] }),
      mode: optional('str', null, { description: '`runonce` or `storeonce`' }),
      multiplicity: optional('int', null),
      num_sites: optional('int', null),
    },
    summary: 'Let several clones of each job of a task compete',
    data: { type: 'null' },
    records: ['TaskAmended'],
  }),
  disable_job_cloning: defineFunction({
    module,
    name: 'disable_job_cloning',
    methods: ['POST'],
    access: 'production',
    parameters: { jedi_task_id: required('int', { aliases: ['task_id'] }) },
    summary: 'Let no clones compete any more',
    data: { type: 'null' },
    records: ['TaskAmended'],
  }),
};
