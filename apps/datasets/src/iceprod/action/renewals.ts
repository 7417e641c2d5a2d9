import type { ExpansionBudget } from '#contracts/iceprod/config/expand.js';
import { arrayOf, type Json, writeJson } from '#contracts/iceprod/config/json.js';
import type { Dataset } from '../dataset/dataset.js';
import { nameAt } from './dependencies.js';
import { failure } from './failure.js';
import { requirementProblem, requirementsOfJob } from './requirements.js';

/** What becomes of a task: requirements are set only where they differ. */
export interface Renewal {
  readonly name: string;
  readonly requirements: string;
}

const dependsOf = (task: Json): string => writeJson(arrayOf(task, 'depends'));

/**
 * Tasks whose requirements differ between two configs of a dataset.
 *
 * @throws DomainError when the configs differ in what jobs have been made of already
 */
export const renewals = (before: Json, after: Json, dataset: Dataset, budget: ExpansionBudget): readonly Renewal[] => {
  const [old, now] = [arrayOf(before, 'tasks'), arrayOf(after, 'tasks')];
  if (old.length !== now.length) throw failure('number of tasks differs');
  const [oldRequirements, newRequirements] = [before, after].map((config) =>
    requirementsOfJob(config, dataset, budget),
  );
  return now.flatMap((task, place): Renewal[] => {
    const name = nameAt(task, place);
    const same = old[place] ?? null;
    if (nameAt(same, place) !== name) throw failure(`name of task ${place} differs`);
    if (dependsOf(same) !== dependsOf(task)) throw failure(`depends of task ${name} differ`);
    const requirements = newRequirements?.[place] ?? '{}';
    if (requirements.includes('$')) throw failure(`requirements of task ${name} cannot be expanded: ${requirements}`);
    if (requirements === oldRequirements?.[place]) return [];
    const problem = requirementProblem(requirements);
    if (problem !== undefined) throw failure(problem);
    return [{ name, requirements }];
  });
};
