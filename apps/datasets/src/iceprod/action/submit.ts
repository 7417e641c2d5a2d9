import { DomainError } from '#platform/domain-error.js';
import { PutConfig, SubmitDataset } from '#contracts/iceprod/datasets.js';
import { elementsOf, membersOf } from '#contracts/raw-json.js';
import { areDatasetFields, extraFields, ofVersion32 } from './arguments.js';
import type { DatasetCredentials } from './dataset-credentials.js';
import { type Errand, failure } from './errand.js';
import { withTokenScopes } from './token-scopes.js';

/** Where the tasks of a dataset get and put their files, and what they need there. */
export interface Places {
  readonly prefixes: readonly string[];
  readonly credentials: DatasetCredentials;
}

/** Submits a dataset with its config and the credentials of its tasks (IceProd contract 16). */
export const submit = async (errand: Errand, places: Places): Promise<{ readonly dataset_id: string }> => {
  const judged = ofVersion32(errand.text('config'));
  if (judged === undefined) throw failure('config is not valid');
  const jobs = errand.number('jobs_submitted');
  const config = withTokenScopes(judged, places.prefixes, jobs);
  const extra = extraFields(errand.text('extra_submit_fields'));
  if (extra instanceof DomainError) throw extra;
  if (!areDatasetFields(extra)) throw failure('invalid keys found');
  const submitter = { username: errand.text('username'), group: errand.text('group') };
  // Before the dataset, so that there is none when they are refused.
  const credentials = await places.credentials.make(errand, config, submitter);
  const perJob = elementsOf(membersOf(config).get('tasks') ?? '[]').length;
  const { dataset_id: id } = await errand.order('dataset', SubmitDataset, {
    ...extra,
    ...submitter,
    description: errand.text('description'),
    jobs_submitted: jobs,
    tasks_submitted: jobs * perJob,
    tasks_per_job: perJob,
  });
  await errand.order('config', PutConfig, { dataset_id: id, config });
  await places.credentials.store(errand, id, credentials);
  return { dataset_id: id };
};
