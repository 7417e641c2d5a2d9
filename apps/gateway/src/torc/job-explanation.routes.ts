import { documentKey, workflow } from './parameters.js';
import { documentOf, torcRoute } from './torc-route.js';

export const jobExplanationRoutes = {
  job: torcRoute({
    name: 'torcExplainJob',
    tag: 'explanation',
    method: 'GET',
    path: '/cairn/torc/workflows/:workflow/jobs/:key/explanation',
    summary: 'Why a job is not running: what blocks it, or by how much it misses what workers offer',
    fields: { workflow: workflow('workflow'), key: documentKey('jobs') },
    response: documentOf('TorcJobExplanation'),
    errors: { 404: 'job 103 does not exist in workflow 97' },
  }),
  workflow: torcRoute({
    name: 'torcExplainWorkflow',
    tag: 'explanation',
    method: 'GET',
    path: '/cairn/torc/workflows/:key/explanation',
    summary: 'Why nothing, or nothing more, starts in a workflow',
    fields: { workflow: workflow('key') },
    response: documentOf('TorcWorkflowExplanation'),
    errors: { 404: 'workflow 97 does not exist' },
  }),
};
