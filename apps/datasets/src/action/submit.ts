import { DomainError } from '#platform/domain-error.js';
import { PutConfig, SubmitDataset } from '#contracts/iceprod/datasets.js';
import { elementsOf, membersOf } from '#contracts/raw-json.js';
import { extraFields, ofVersion32 } from './arguments.js';
import { type Errand, failure } from './errand.js';
import { withTokenScopes } from './token-scopes.js';

/**
 * Submits a dataset with its config (IceProd contract 16). Nothing is asked of a credentials service: none is configured to
 * create credentials for tasks.
 */
export const submit = async (
  errand: Errand,
  scopePrefixes: readonly string[],
): Promise<{ readonly dataset_id: string }> => {
  const judged = ofVersion32(errand.text('config'));
  if (judged === undefined) throw failure('config is not valid');
  const config = withTokenScopes(judged, scopePrefixes);
  const extra = extraFields(errand.text('extra_submit_fields') || null);
  if (extra instanceof DomainError) throw extra;
  const perJob = elementsOf(membersOf(config).get('tasks') ?? '[]').length;
  const jobs = errand.number('jobs_submitted');
  const { dataset_id: id } = await errand.order('dataset', SubmitDataset, {
    ...extra,
    description: errand.text('description'),
    jobs_submitted: jobs,
    tasks_submitted: jobs * perJob,
    tasks_per_job: perJob,
    group: errand.text('group'),
    username: errand.text('username'),
  });
  await errand.order('config', PutConfig, { dataset_id: id, config });
  return { dataset_id: id };
};
