import { RAW_BODY } from '../body/body-limits.js';
import { rawBody } from './bodies.js';
import { workflow } from './parameters.js';
import { documentOf, torcRoute } from './torc-route.js';

const tag = 'workflow specifications';
const path = '/workflow_specifications';
const SPECIFICATION = documentOf('TorcSpecification');

/** Torc contract 6.5. */
export const specificationRoutes = {
  create: torcRoute({
    name: 'torcCreateFromSpecification',
    tag,
    method: 'POST',
    path,
    summary: 'Creates a whole workflow, all or nothing',
    records: ['WorkflowCreated', 'DocumentsStored', 'JobsAdded', 'EdgesAdded'],
    fields: { body: rawBody(SPECIFICATION) },
    bodyLimits: RAW_BODY,
    response: documentOf('TorcWorkflow'),
  }),
  getExample: torcRoute({
    name: 'torcGetExampleSpecification',
    tag,
    method: 'GET',
    path: `${path}/example`,
    summary: 'A small specification that can be posted as it is',
    fields: {},
    response: SPECIFICATION,
  }),
  getTemplate: torcRoute({
    name: 'torcGetSpecificationTemplate',
    tag,
    method: 'GET',
    path: `${path}/template`,
    summary: 'An empty specification',
    fields: {},
    response: SPECIFICATION,
  }),
  export: torcRoute({
    name: 'torcExportSpecification',
    tag,
    method: 'GET',
    path: `${path}/:key`,
    summary: 'The specification that creates such a workflow again',
    fields: { workflow: workflow('key') },
    response: SPECIFICATION,
    errors: { 404: 'workflow 97 does not exist' },
  }),
};
