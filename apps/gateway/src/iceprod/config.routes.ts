import { DOCUMENT_BODY } from '../body/body-limits.js';
import { freeForm, path, wholeBody } from '../route/fields.js';
import { DATASET_FULL, documentOf, iceprodRoute, EMPTY_OBJECT } from './iceprod-route.js';
import { READERS_AND_WORKERS, WRITERS } from './policies.js';

const tag = 'config';

const getRoute = (name: string, at: string) =>
  iceprodRoute({
    name,
    tag,
    method: 'GET',
    path: at,
    policy: READERS_AND_WORKERS,
    summary: 'The config of a dataset as it was stored, without dataset_id',
    fields: { dataset_id: path() },
    response: documentOf('Config'),
    errors: { 404: 'Config not found' },
  });

const putRoute = (name: string, at: string) =>
  iceprodRoute({
    name,
    tag,
    method: 'PUT',
    path: at,
    policy: WRITERS,
    summary: 'Validates and replaces the config of a dataset',
    fields: { dataset_id: path(), config: freeForm(wholeBody(documentOf('Config'))) },
    bodyLimits: DOCUMENT_BODY,
    response: EMPTY_OBJECT,
    errors: DATASET_FULL,
  });

/** IceProd contract 5: the same under two paths. */
export const configRoutes = {
  get: getRoute('getConfig', '/config/:dataset_id'),
  put: putRoute('putConfig', '/config/:dataset_id'),
  getOfDataset: getRoute('getConfigOfDataset', '/datasets/:dataset_id/config'),
  putOfDataset: putRoute('putConfigOfDataset', '/datasets/:dataset_id/config'),
};
