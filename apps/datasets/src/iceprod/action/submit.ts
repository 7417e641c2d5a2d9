import { DomainError } from '#platform/domain-error.js';
import { PutConfig, SubmitDataset } from '#contracts/iceprod/datasets.js';
import type { ConfigPool } from '../config/config-pool.js';
import { areDatasetFields, extraFields } from './arguments.js';
import type { DatasetCredentials } from './dataset-credentials.js';
import { failure } from './failure.js';
import type { Operation } from './operation.js';

/** Where tasks read and write their files, and the credentials that they need there. */
export interface StorageAccess {
  readonly prefixes: readonly string[];
  readonly credentials: DatasetCredentials;
}

/** Submits a dataset with its config and the credentials of its tasks (IceProd contract 16). */
export const submit = async (
  operation: Operation,
  storage: StorageAccess,
  configs: ConfigPool,
): Promise<{ readonly dataset_id: string }> => {
  const jobs = operation.number('jobs_submitted');
  const { config, tasksPerJob: perJob } = await configs.run(
    'submitted',
    operation.text('config'),
    storage.prefixes,
    jobs,
  );
  const extra = extraFields(operation.text('extra_submit_fields'));
  if (extra instanceof DomainError) throw extra;
  if (!areDatasetFields(extra)) throw failure('invalid keys found');
  const submitter = { username: operation.text('username'), group: operation.text('group') };
  // Before the dataset, so that there is none when they are refused.
  const account = storage.credentials.accountFor(operation, submitter);
  const credentials = await storage.credentials.make(operation, config, account);
  const { dataset_id: id } = await operation.executeForRequester('dataset', SubmitDataset, {
    ...extra,
    ...submitter,
    description: operation.text('description'),
    jobs_submitted: jobs,
    tasks_submitted: jobs * perJob,
    tasks_per_job: perJob,
  });
  await operation.executeOnce('config', PutConfig, {
    ...{ dataset_id: id, config, writer: operation.requester },
    ...(account !== undefined && { account: account.username }),
  });
  await storage.credentials.store(operation, id, credentials);
  return { dataset_id: id };
};
