import type { Fields as Rules } from '#contracts/torc/collections.js';
import { documentBody, ignoredBody } from './bodies.js';
import { edgeKey, edgeName, PAGING, workflow } from './parameters.js';
import { clientAddress } from './repeats.js';
import { documentOf, listOf, MESSAGE, torcRoute } from './torc-route.js';

const tag = 'edges';
const path = '/workflows/:workflow/edges/:name';
const NOT_FOUND = { 404: 'workflow 97 does not exist' };
const ofWorkflow = workflow('workflow');

/** Torc contract 2.18. */
const EDGE: Rules = {
  _from: { type: 'string', required: true },
  _to: { type: 'string', required: true },
  data: { type: 'object' },
};

/** Torc contract 6.2. */
export const edgeRoutes = {
  list: torcRoute({
    name: 'torcListEdges',
    tag,
    method: 'GET',
    path,
    summary: 'Edges of one kind of a workflow',
    fields: { workflow: ofWorkflow, collection: edgeName(), ...PAGING },
    response: listOf(documentOf('TorcEdge')),
    errors: NOT_FOUND,
  }),
  store: torcRoute({
    name: 'torcStoreEdge',
    tag,
    method: 'POST',
    path,
    summary: 'Adds an edge between two documents',
    records: ['EdgesAdded'],
    fields: { workflow: ofWorkflow, edge: edgeName(), body: documentBody(EDGE) },
    response: documentOf('TorcEdge'),
    errors: NOT_FOUND,
  }),
  deleteAll: torcRoute({
    name: 'torcDeleteEdges',
    tag,
    method: 'DELETE',
    path,
    summary: 'Deletes all edges of one kind of a workflow',
    records: ['EdgesDeleted'],
    fields: { workflow: ofWorkflow, collection: edgeName(), ignored: ignoredBody },
    response: MESSAGE,
    errors: NOT_FOUND,
  }),
  get: torcRoute({
    name: 'torcGetEdge',
    tag,
    method: 'GET',
    path: `${path}/:key`,
    summary: 'One edge',
    fields: { workflow: ofWorkflow, collection: edgeName(), key: edgeKey },
    response: documentOf('TorcEdge'),
    errors: NOT_FOUND,
  }),
  delete: torcRoute({
    name: 'torcDeleteEdge',
    tag,
    method: 'DELETE',
    path: `${path}/:key`,
    summary: 'Deletes one edge',
    records: ['EdgesDeleted'],
    fields: { workflow: ofWorkflow, collection: edgeName(), key: edgeKey, client: clientAddress, ignored: ignoredBody },
    response: documentOf('TorcEdge'),
    errors: NOT_FOUND,
  }),
};
