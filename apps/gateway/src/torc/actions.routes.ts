import { claimActionBody, completeActionBody } from './bodies.js';
import { pathInteger, workflow } from './parameters.js';
import { documentOf, membersOf, torcRoute } from './torc-route.js';

const path = '/cairn/torc/workflows/:key/actions';

/** What Cairn adds to Torc. */
export const actionRoutes = {
  list: torcRoute({
    name: 'torcListActions',
    tag: 'actions',
    method: 'GET',
    path,
    summary: 'What is to be done when a workflow, a worker or jobs start or end; and whether it is due in this run',
    fields: { workflow: workflow('key') },
    response: membersOf('items', documentOf('TorcAction')),
    errors: { 404: 'workflow 97 does not exist' },
  }),
  claim: torcRoute({
    name: 'torcClaimAction',
    tag: 'actions',
    method: 'POST',
    path: `${path}/:action/claim`,
    summary:
      'Takes an action that is due, for lease_seconds or the whole run: one worker carries it out in each run, or each worker one of its own',
    records: ['ActionClaimed'],
    fields: { workflow: workflow('key'), action: pathInteger('number of the action'), chosen: claimActionBody },
    response: documentOf('TorcAction'),
    examples: { request: { worker: 'node-07', lease_seconds: 60 } },
    errors: {
      400: 'action 2 is not due',
      404: 'action 2 does not exist in workflow 97',
      409: 'action 2 is carried out by node-08',
    },
  }),
  complete: torcRoute({
    name: 'torcCompleteAction',
    tag: 'actions',
    method: 'POST',
    path: `${path}/:action/complete`,
    summary: 'Tells that the worker has carried out the action that it has claimed',
    records: ['ActionCompleted'],
    fields: { workflow: workflow('key'), action: pathInteger('number of the action'), done: completeActionBody },
    response: documentOf('TorcAction'),
    examples: { request: { worker: 'node-07', successful: true } },
    errors: {
      404: 'action 2 does not exist in workflow 97',
      409: 'action 2 is not carried out by node-07',
    },
  }),
};
