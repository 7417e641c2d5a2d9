import { defineFunction, required } from '../protocol/function.js';
import { listText } from '../protocol/leniencies.js';

const module = 'job';

/** Jobs without a task (contract 6.5). */
export const jobSubmissionFunctions = {
  submit: defineFunction({
    module,
    name: 'submit',
    methods: ['POST'],
    access: 'secure',
    parameters: {
      jobs: required('str', {
        accepts: listText,
        description: 'JSON list of jobs: each is a list of its attributes in their order, followed by a list of files',
      }),
    },
    records: ['JobsCreated'],
    summary: 'Submits jobs that belong to no task',
    data: {
      type: 'array',
      items: {
        type: 'array',
        description: 'PandaID, jobDefinitionID, and the jobset or the name of the job',
        items: {},
      },
    },
  }),
  reassign: defineFunction({
    module,
    name: 'reassign',
    methods: ['POST'],
    access: 'secure',
    parameters: { job_ids: required('List[int]') },
    records: ['UnitsMoved', 'JobsPlaced'],
    summary: 'Chooses queues again for jobs that are not set up yet',
  }),
};
