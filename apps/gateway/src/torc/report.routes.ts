import { workflow } from './parameters.js';
import { documentOf, torcRoute } from './torc-route.js';

const tag = 'reports';
const base = '/cairn/torc/workflows/:key';
const errors = { 404: 'workflow 97 does not exist' };

export const reportRoutes = {
  report: torcRoute({
    name: 'torcReportWorkflow',
    tag,
    method: 'GET',
    path: `${base}/report`,
    summary:
      'How the jobs of a workflow ended, which chain of them took longest, and what they used of what they asked for',
    fields: { workflow: workflow('key') },
    response: documentOf('TorcReport'),
    errors,
  }),
  picture: torcRoute({
    name: 'torcDrawReport',
    tag,
    method: 'GET',
    path: `${base}/report.svg`,
    summary: 'The report of a workflow as a picture',
    fields: { workflow: workflow('key') },
    contentType: 'image/svg+xml',
    response: { type: 'string' },
    examples: { response: '<svg xmlns="http://www.w3.org/2000/svg">...</svg>' },
    errors,
  }),
};
