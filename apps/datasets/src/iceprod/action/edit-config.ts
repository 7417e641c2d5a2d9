import { DomainError } from '#platform/domain-error.js';
import type { Nothing } from '#bus/contract.js';
import { ChangeDataset, GetConfig, GetDataset, PutConfig } from '#contracts/iceprod/datasets.js';
import { SetRequirements } from '#contracts/iceprod/tasks.js';
import type { Dataset } from '../dataset/dataset.js';
import type { ConfigPool } from '../config/config-pool.js';
import type { Operation } from './operation.js';
import type { Renewal } from './renewals.js';
import type { StorageAccess } from './submit.js';

/** A dataset without tasks needs none renewed. */
const renew = async (
  operation: Operation,
  datasetId: string,
  { name, requirements }: Renewal,
  place: number,
): Promise<void> => {
  const request = { dataset_id: datasetId, name, mode: 'replace', requirements } as const;
  try {
    await operation.executeOnce(`requirements/${place}`, SetRequirements, request);
  } catch (error) {
    if (!(error instanceof DomainError) || error.kind !== 'not-found') throw error;
  }
};

/** Replaces the config of a dataset that has jobs already (IceProd contract 16). */
export const editConfig = async (
  operation: Operation,
  { prefixes, credentials }: StorageAccess,
  configs: ConfigPool,
): Promise<Nothing> => {
  const id = operation.text('dataset_id');
  const dataset = JSON.parse((await operation.call(GetDataset, { dataset_id: id })).document) as Dataset;
  const { document: before } = await operation.call(GetConfig, { dataset_id: id });
  const { config, renewed } = await configs.run('edited', before, operation.text('config'), prefixes, dataset);
  // Before anything changes, so that nothing has when they are refused.
  const made = (await credentials.differ(operation, id, config))
    ? await credentials.make(operation, config, dataset)
    : undefined;
  for (const [place, renewal] of renewed.entries()) await renew(operation, id, renewal, place);
  if (made !== undefined) await credentials.replace(operation, id, made);
  await operation.executeOnce('config', PutConfig, { dataset_id: id, config });
  const description = operation.values['description'];
  if (typeof description === 'string' && description !== '' && description !== dataset.description) {
    await operation.executeOnce('description', ChangeDataset, { dataset_id: id, change: 'description', description });
  }
  return {};
};
