import { defineFunction, required } from '../protocol/function.js';

const module = 'workflow';

/** PanDA contract 6.11. */
export const workflowFunctions = {
  submit_workflow_raw_request: defineFunction({
    module,
    name: 'submit_workflow_raw_request',
    methods: ['POST'],
    access: 'secure',
    parameters: { params: required('untyped', { description: 'an object or JSON text' }) },
    summary: 'Submit a workflow to a workflow engine, which Cairn has none of',
    records: [],
  }),
  submit_workflow: defineFunction({
    module,
    name: 'submit_workflow',
    methods: ['POST'],
    access: 'secure',
    parameters: { workflow_definition: required('dict') },
    summary: 'Submit the definition of a workflow to a workflow engine, which Cairn has none of',
    records: [],
  }),
};
