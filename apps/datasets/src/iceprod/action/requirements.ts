import { formatNumeric, parseNumeric } from '#contracts/iceprod/config/arithmetic.js';
import { type ExpansionBudget, expandAll, type Scope } from '#contracts/iceprod/config/expand.js';
import {
  arrayOf,
  isArray,
  type Json,
  type JsonObject,
  member,
  NumberText,
  objectOf,
  parseJson,
  writeJson,
} from '#contracts/iceprod/config/json.js';
import type { Dataset } from '../dataset/dataset.js';
import { failure } from './failure.js';

/** Longest requirements of a task: events have to hold them. */
const REQUIREMENTS_CHARACTERS_MAX = 64 * 1024;

const numberText = (value: number): NumberText => new NumberText(String(value));

/** What macros in a task's requirements may name; without a job only what all jobs have in common. */
export const scopeOf = (
  config: Json,
  task: Json,
  dataset: Dataset,
  place: { readonly task: number; readonly job?: number | undefined },
  budget: ExpansionBudget,
): Scope => {
  const given: JsonObject = {
    ...(place.job !== undefined && { job: numberText(place.job) }),
    task: numberText(place.task),
    dataset: numberText(dataset.dataset),
    jobs_submitted: numberText(dataset.jobs_submitted),
    tasks_submitted: numberText(dataset.tasks_submitted),
    debug: dataset.debug,
  };
  return {
    bare: [given, objectOf(task, 'parameters')],
    steering: objectOf(member(config, 'steering'), 'parameters'),
    options: [objectOf(config, 'options'), given],
    budget,
  };
};

/** Text that looks like a number becomes one; lists of GPUs count as many. */
const settled = (name: string, value: Json): Json => {
  if (name === 'gpu' && isArray(value)) return numberText(value.length);
  if (typeof value !== 'string') return value;
  const number = parseNumeric(value);
  return number === undefined ? value : new NumberText(formatNumeric(number));
};

/** A task's requirements with everything in them worked out (IceProd contract 16), as raw JSON. */
export const expandedRequirements = (task: Json, scope: Scope): string => {
  const expanded = Object.entries(objectOf(task, 'requirements')).map(([name, value]): [string, Json] => [
    name,
    settled(name, expandAll(value, scope)),
  ]);
  const requirements = writeJson(Object.fromEntries(expanded));
  if (requirements.length > REQUIREMENTS_CHARACTERS_MAX) {
    throw failure(`requirements of a task are longer than ${REQUIREMENTS_CHARACTERS_MAX} characters`);
  }
  return requirements;
};

/** Expanded requirements of the tasks of a job, in order; without a job those that all jobs have in common. */
export const requirementsOfJob = (
  config: Json,
  dataset: Dataset,
  budget: ExpansionBudget,
  job?: number,
): readonly string[] =>
  arrayOf(config, 'tasks').map((task, place) =>
    expandedRequirements(task, scopeOf(config, task, dataset, { task: place, job }, budget)),
  );

const isNumber = (value: Json): boolean => value instanceof NumberText;
const isInteger = (value: Json): boolean => value instanceof NumberText && Number.isInteger(Number(value.text));

/** What tasks that exist may be given, as by `bulk_requirements` (IceProd contract 7.7). */
const SETTABLE: Readonly<Record<string, (value: Json) => boolean>> = {
  cpu: isInteger,
  gpu: isInteger,
  memory: isNumber,
  disk: isNumber,
  time: isNumber,
  os: (value) => isArray(value) && value.every((word) => typeof word === 'string'),
  site: () => true,
};

/** Why tasks that exist cannot be given these requirements; undefined when they can. */
export const requirementProblem = (requirements: string): string | undefined => {
  const entries = Object.entries(parseJson(requirements) as JsonObject);
  if (!entries.every(([name]) => Object.hasOwn(SETTABLE, name))) return 'Invalid resource types';
  const wrong = entries.find(([name, value]) => SETTABLE[name]?.(value) === false);
  return wrong === undefined ? undefined : `Bad type for resource ${wrong[0]}`;
};
