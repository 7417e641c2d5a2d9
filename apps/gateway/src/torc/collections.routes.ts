import {
  type Collection,
  COLLECTIONS,
  type CollectionName,
  type PlainCollectionName,
} from '#contracts/torc/collections.js';
import { constant } from '../route/fields.js';
import { ignoredBody, newDocument, newJob, replacement } from './bodies.js';
import { documentKey, filtersOf, PAGING, SORTING, workflow } from './parameters.js';
import { clientAddress, digestWithClient } from './repeats.js';
import { pascal, schemaName } from './schemas.js';
import { documentOf, listOf, MESSAGE, torcRoute } from './torc-route.js';

const NOT_FOUND = { 404: 'workflow 97 does not exist' };

/** The routes that all collections have, whatever their documents (Torc contract 6.1). */
export const collectionRoutes = <const Name extends CollectionName>(name: Name) => {
  const collection: Collection = COLLECTIONS[name];
  const { noun } = collection;
  const tag = name;
  const path = `/workflows/:workflow/${name}` as const;
  const of = { workflow: workflow('workflow'), collection: constant(name) };
  const one = { ...of, key: documentKey(name) };
  const response = documentOf(schemaName(name));
  return {
    list: torcRoute({
      name: `torcList${pascal(name)}`,
      tag,
      method: 'GET',
      path,
      summary: `Each ${noun} of a workflow`,
      fields: { ...of, ...PAGING, ...SORTING, ...filtersOf(collection) },
      response: listOf(response),
      errors: NOT_FOUND,
    }),
    deleteAll: torcRoute({
      name: `torcDeleteAll${pascal(name)}`,
      tag,
      method: 'DELETE',
      path,
      summary: `Deletes every ${noun} of a workflow, with the edges there`,
      records: ['DocumentsDeleted', 'EdgesDeleted'],
      fields: { ...of, ignored: ignoredBody },
      response: MESSAGE,
      errors: NOT_FOUND,
    }),
    get: torcRoute({
      name: `torcGet${pascal(name)}`,
      tag,
      method: 'GET',
      path: `${path}/:key`,
      summary: `One ${noun}`,
      fields: one,
      response,
      errors: NOT_FOUND,
    }),
    put: torcRoute({
      name: `torcPut${pascal(name)}`,
      tag,
      method: 'PUT',
      path: `${path}/:key`,
      summary: `Replaces fields of the ${noun}; fields that are left out stay`,
      records: [name === 'jobs' ? 'JobReplaced' : 'DocumentReplaced'],
      fields: { ...one, put: replacement(name), request_digest: digestWithClient },
      response,
      errors: { ...NOT_FOUND, 409: `the ${noun} has changed: its revision is another one` },
    }),
    delete: torcRoute({
      name: `torcDelete${pascal(name)}`,
      tag,
      method: 'DELETE',
      path: `${path}/:key`,
      summary: `Deletes one ${noun}, with the edges there`,
      records: ['DocumentsDeleted', 'EdgesDeleted'],
      fields: { ...one, client: clientAddress, ignored: ignoredBody },
      response,
      errors: NOT_FOUND,
    }),
  };
};

/** POST of a document. */
export const storeRoute = (name: PlainCollectionName) =>
  torcRoute({
    name: `torcStore${pascal(name)}`,
    tag: name,
    method: 'POST',
    path: `/workflows/:workflow/${name}`,
    summary: `Stores one ${COLLECTIONS[name].noun}`,
    records: ['DocumentsStored'],
    fields: { workflow: workflow('workflow'), collection: constant(name), body: newDocument(name) },
    response: documentOf(schemaName(name)),
    errors: NOT_FOUND,
  });

/** POST of a job, whose relations become edges. */
export const addJobRoute = torcRoute({
  name: 'torcStoreJobs',
  tag: 'jobs',
  method: 'POST',
  path: '/workflows/:workflow/jobs',
  summary: 'Adds one job, with the edges that its relations become',
  records: ['JobsAdded', 'EdgesAdded'],
  fields: { workflow: workflow('workflow'), job: newJob },
  response: documentOf(schemaName('jobs')),
  errors: NOT_FOUND,
});
