import { DomainError } from '#platform/domain-error.js';
import type { Nothing } from '#bus/contract.js';
import { ChangeDataset, GetConfig, GetDataset, PutConfig } from '#contracts/iceprod/datasets.js';
import { arrayOf, type Json, parseJson, writeJson } from '#contracts/iceprod/config/json.js';
import { SetRequirements } from '#contracts/iceprod/tasks.js';
import type { Dataset } from '../dataset/dataset.js';
import { nameAt } from './dependencies.js';
import { type Operation, failure } from './operation.js';
import { expandedRequirements, requirementProblem, scopeOf } from './requirements.js';
import type { StorageAccess } from './submit.js';
import { withTokenScopes } from './token-scopes.js';

/** What becomes of a task: requirements are set only where they differ. */
interface Renewal {
  readonly name: string;
  readonly requirements: string;
}

const requirementsIn = (config: Json, place: number, dataset: Dataset): string => {
  const task = arrayOf(config, 'tasks')[place] ?? null;
  return expandedRequirements(task, scopeOf(config, task, dataset, { task: place }));
};

const dependsOf = (task: Json): string => writeJson(arrayOf(task, 'depends'));

/**
 * Tasks whose requirements differ between two configs of a dataset.
 *
 * @throws DomainError when the configs differ in what jobs have been made of already
 */
export const renewals = (before: Json, after: Json, dataset: Dataset): readonly Renewal[] => {
  const [old, now] = [arrayOf(before, 'tasks'), arrayOf(after, 'tasks')];
  if (old.length !== now.length) throw failure('number of tasks differs');
  return now.flatMap((task, place): Renewal[] => {
    const name = nameAt(task, place);
    const same = old[place] ?? null;
    if (nameAt(same, place) !== name) throw failure(`name of task ${place} differs`);
    if (dependsOf(same) !== dependsOf(task)) throw failure(`depends of task ${name} differ`);
    const requirements = requirementsIn(after, place, dataset);
    if (requirements.includes('$')) throw failure(`requirements of task ${name} cannot be expanded: ${requirements}`);
    if (requirements === requirementsIn(before, place, dataset)) return [];
    const problem = requirementProblem(requirements);
    if (problem !== undefined) throw failure(problem);
    return [{ name, requirements }];
  });
};

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
export const editConfig = async (operation: Operation, { prefixes, credentials }: StorageAccess): Promise<Nothing> => {
  const id = operation.text('dataset_id');
  const dataset = JSON.parse((await operation.call(GetDataset, { dataset_id: id })).document) as Dataset;
  const config = withTokenScopes(operation.text('config'), prefixes, dataset.jobs_submitted);
  const before = parseJson((await operation.call(GetConfig, { dataset_id: id })).document);
  const renewed = renewals(before, parseJson(config), dataset);
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
