import { ExpansionBudget } from '#contracts/iceprod/config/expand.js';
import { arrayOf } from '#contracts/iceprod/config/json.js';
import { elementsOf, membersOf } from '#contracts/raw-json.js';
import { DomainError } from '#platform/domain-error.js';
import { checkRequestedConfig, ofVersion32 } from '../action/config-argument.js';
import { dependenciesOf, nameAt, type Dependency } from '../action/dependencies.js';
import { failure } from '../action/failure.js';
import { renewals, type Renewal } from '../action/renewals.js';
import { requirementsOfJob } from '../action/requirements.js';
import { needsOf, withTokenScopes } from '../action/token-scopes.js';
import type { Dataset } from '../dataset/dataset.js';
import { checkConfig } from './check-config.js';
import { ParsedConfigs } from './parsed-configs.js';

const accepted = <Value>(value: Value | DomainError): Value => {
  if (value instanceof DomainError) throw value;
  return value;
};

/** What is the same for all jobs of a config. */
export interface ConfigOutline {
  readonly names: readonly string[];
  readonly dependencies: readonly (readonly Dependency[])[];
}

/**
 * Everything that is computed from the text of a config, and takes long when the text is long. Arguments and results are plain
 * data, so that a thread can do it; refusals are thrown as `DomainError`.
 *
 * @param workMax what expansions may cost; see `ExpansionBudget`
 */
export const configFunctions = (workMax: number) => {
  const configs = new ParsedConfigs();
  return {
    /** The text to store. */
    check: (datasetId: string, text: string): string => accepted(checkConfig(datasetId, text)),

    /** The text that counts of a config in the arguments of a request; `undefined` stands for a dataset to be submitted. */
    checkArgument: (datasetId: string | undefined, text: string): string =>
      accepted(checkRequestedConfig(datasetId, text)),

    outline: (text: string): ConfigOutline => {
      const tasks = arrayOf(configs.parse(text), 'tasks');
      return { names: tasks.map(nameAt), dependencies: dependenciesOf(tasks) };
    },

    /** Requirements of the tasks of a job, in order. */
    requirements: (text: string, dataset: Dataset, job: number): readonly string[] =>
      requirementsOfJob(configs.parse(text), dataset, new ExpansionBudget(workMax), job),

    submitted: (text: string, prefixes: readonly string[], jobs: number) => {
      const config = ofVersion32(text);
      if (config === undefined) throw failure('config is not valid');
      const tasksPerJob = elementsOf(membersOf(config).get('tasks') ?? '[]').length;
      return { config: withTokenScopes(config, prefixes, jobs, new ExpansionBudget(workMax)), tasksPerJob };
    },

    edited: (
      before: string,
      after: string,
      prefixes: readonly string[],
      dataset: Dataset,
    ): { readonly config: string; readonly renewed: readonly Renewal[] } => {
      const budget = new ExpansionBudget(workMax);
      const config = withTokenScopes(after, prefixes, dataset.jobs_submitted, budget);
      return { config, renewed: renewals(configs.parse(before), configs.parse(config), dataset, budget) };
    },

    /** What the tasks need of credentials. */
    needs: needsOf,
  };
};

export type ConfigFunctions = ReturnType<typeof configFunctions>;
