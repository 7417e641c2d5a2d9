import { defineFunction, optional, required } from '../protocol/function.js';

const module = 'job';

/** PanDA contract 6.5: what tells pilots to do something. */
export const jobCommandFunctions = {
  kill: defineFunction({
    module,
    name: 'kill',
    methods: ['POST'],
    access: 'secure',
    parameters: {
      job_ids: required('List[int]'),
      code: optional('int', null),
      use_email_as_id: optional('bool', false),
      kill_options: optional('List[str]', []),
    },
    summary: 'Kill jobs',
    data: { type: 'array', items: { type: 'boolean' } },
    records: ['UnitsMoved', 'JobsAmended'],
  }),
  set_command: defineFunction({
    module,
    name: 'set_command',
    methods: ['POST'],
    access: 'production',
    parameters: { job_id: required('int'), command: required('str') },
    summary: 'Set a command for the pilot of a job',
    data: { type: 'null' },
    records: ['JobsAmended'],
  }),
  set_debug_mode: defineFunction({
    module,
    name: 'set_debug_mode',
    methods: ['POST'],
    access: 'production',
    parameters: { job_id: required('int'), mode: required('bool') },
    summary: 'Set the debug mode of a job',
    data: { type: 'null' },
    records: ['JobsAmended'],
  }),
};
