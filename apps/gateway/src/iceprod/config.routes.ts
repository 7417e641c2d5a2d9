import { freeForm, path, wholeBody } from '../route/fields.js';
import { documentOf, iceprodRoute, NOTHING } from './iceprod-route.js';
import { READERS_AND_PILOTS, WRITERS } from './policies.js';

const tag = 'config';

const reading = (name: string, at: string) =>
  iceprodRoute({
    name,
    tag,
    method: 'GET',
    path: at,
    policy: READERS_AND_PILOTS,
    summary: 'The config of a dataset as it was stored, without dataset_id',
    fields: { dataset_id: path() },
    answer: documentOf('Config'),
    refusals: { 404: 'Config not found' },
  });

const storing = (name: string, at: string) =>
  iceprodRoute({
    name,
    tag,
    method: 'PUT',
    path: at,
    policy: WRITERS,
    summary: 'Validates and replaces the config of a dataset',
    fields: { dataset_id: path(), config: freeForm(wholeBody(documentOf('Config'))) },
    answer: NOTHING,
  });

/** IceProd contract 5: the same under two paths. */
export const configRoutes = {
  get: reading('getConfig', '/config/:dataset_id'),
  put: storing('putConfig', '/config/:dataset_id'),
  getOfDataset: reading('getConfigOfDataset', '/datasets/:dataset_id/config'),
  putOfDataset: storing('putConfigOfDataset', '/datasets/:dataset_id/config'),
};
