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
};
