import { DomainError } from '#platform/domain-error.js';
import type { Nothing } from '#bus/contract.js';
import { ChangeDataset, GetConfig, GetDataset, PutConfig } from '#contracts/iceprod/datasets.js';
import { SetRequirements } from '#contracts/iceprod/tasks.js';
import type { Dataset } from '../dataset/dataset.js';
import { writerOf } from '../config/config-projection.js';
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
  const { document: before, ...origin } = await operation.call(GetConfig, { dataset_id: id });
  const { config, renewed } = await configs.run('edited', before, operation.text('config'), prefixes, dataset);
  // Before anything changes, so that nothing has when they are refused.
  const account = credentials.accountFor(operation, dataset);
  const isRenewed = origin.account !== account?.username || (await credentials.differ(operation, id, config));
  const made = isRenewed ? await credentials.make(operation, config, account) : undefined;
  for (const [place, renewal] of renewed.entries()) await renew(operation, id, renewal, place);
  if (made !== undefined) await credentials.replace(operation, id, made);
  // What its tasks wait for is the same as before, so it is still on behalf of whoever wrote that.
  await operation.executeOnce('config', PutConfig, {
    ...{ dataset_id: id, config, writer: writerOf(origin, dataset) },
    ...(account !== undefined && { account: account.username }),
  });
  const description = operation.values['description'];
  if (typeof description === 'string' && description !== '' && description !== dataset.description) {
    await operation.executeOnce('description', ChangeDataset, { dataset_id: id, change: 'description', description });
  }
  return {};
};
