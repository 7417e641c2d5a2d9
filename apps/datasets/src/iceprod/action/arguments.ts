import { DomainError } from '#platform/domain-error.js';
import { type JsonMembers, objectIn } from '#platform/json-object.js';
import type { Caller } from '#bus/contract.js';
import type { Action } from '#contracts/iceprod/actions.js';
import { JOB_STATUSES, TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import { priorityProblem } from '../dataset/submit-dataset.js';
import { requestDenied } from './request-access.js';

/** The accepted arguments with defaults, as answers show them. */
export type Arguments = JsonMembers;

/** What a caller may see of an argument: its type, and what it is when left out. */
interface Argument {
  readonly type: 'str' | 'int' | 'list';
  readonly required?: true;
  readonly default?: unknown;
}

/** Of a materialization. */
const JOBS_WHEN_NONE_GIVEN = 1000;
const STATUS_WHEN_NONE_GIVEN = 'idle';

const DATASET: Readonly<Record<string, Argument>> = { dataset_id: { type: 'str', required: true } };
const PROGRESS: Readonly<Record<string, Argument>> = { progress: { type: 'int', default: 0 } };
const ids: Argument = { type: 'list', default: null };
const word: Argument = { type: 'str', default: null };

const ARGUMENTS: Readonly<Record<Action, Readonly<Record<string, Argument>>>> = {
  submit: {
    config: { type: 'str', required: true },
    description: { type: 'str', required: true },
    jobs_submitted: { type: 'int', required: true },
    username: { type: 'str', default: null },
    group: { type: 'str', default: 'users' },
    extra_submit_fields: { type: 'str', default: null },
  },
  materialization: {
    ...DATASET,
    num: { type: 'int', default: JOBS_WHEN_NONE_GIVEN },
    set_status: { type: 'str', default: STATUS_WHEN_NONE_GIVEN },
  },
  dataset_status: { ...DATASET, action: { type: 'str', required: true }, ...PROGRESS },
  job_status: {
    ...DATASET,
    action: { type: 'str', required: true },
    initial_status: word,
    job_ids: ids,
    ...PROGRESS,
  },
  task_status: {
    ...DATASET,
    action: { type: 'str', required: true },
    initial_status: word,
    job_ids: ids,
    task_ids: ids,
    ...PROGRESS,
  },
  edit_config: { ...DATASET, config: { type: 'str', required: true }, description: word },
};

const invalid = (message: string): DomainError => new DomainError('invalid', 'request.invalid', message);

const isText = (value: unknown): value is string => typeof value === 'string';
const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

/** The value as it counts; undefined when it is of another type. Integers may come as text. */
const accepted = (type: Argument['type'], value: unknown): unknown => {
  if (type === 'str') return isText(value) ? value : undefined;
  if (type === 'list') return Array.isArray(value) && value.every(isText) ? value : undefined;
  const number = isText(value) && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? number : undefined;
};

const filled = (action: Action, given: Arguments): Arguments | DomainError => {
  const known = ARGUMENTS[action];
  const missing = Object.keys(known).find((name) => known[name]?.required && !isGiven(given[name]));
  if (missing !== undefined) return invalid(`missing key: ${missing}`);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) return invalid(`unknown key: ${unknown.slice(0, 100)}`);
  const values: Record<string, unknown> = {};
  for (const [name, { type, default: otherwise }] of Object.entries(known)) {
    const value = isGiven(given[name]) ? accepted(type, given[name]) : otherwise;
    if (value === undefined) return invalid(`key "${name}" should be of type ${type}`);
    values[name] = value;
  }
  return values;
};

const BULK_ACTIONS: readonly unknown[] = ['suspend', 'reset', 'hard_reset'];

const actionProblem = ({ action }: Arguments): DomainError | undefined =>
  BULK_ACTIONS.includes(action) ? undefined : invalid('invalid action');

/** An empty status is none: web pages send it when nothing is selected. */
const isChosen = (value: unknown): boolean => isGiven(value) && value !== '';

/** The first of the pairs of selectors that are both given. */
const selectorProblem = (
  values: Arguments,
  vocabulary: readonly unknown[],
  pairs: readonly (readonly [string, string])[],
): DomainError | undefined => {
  if (isChosen(values['initial_status']) && !vocabulary.includes(values['initial_status'])) {
    return invalid('invalid initial_status');
  }
  const both = pairs.find((pair) => pair.every((name) => isChosen(values[name])));
  return both === undefined ? undefined : invalid(`cannot define both ${both.join(' and ')}`);
};

const jobStatusProblem = (values: Arguments): DomainError | undefined =>
  actionProblem(values) ?? selectorProblem(values, JOB_STATUSES, [['initial_status', 'job_ids']]);

const taskStatusProblem = (values: Arguments): DomainError | undefined =>
  actionProblem(values) ??
  selectorProblem(values, TASK_STATUSES, [
    ['initial_status', 'task_ids'],
    ['initial_status', 'job_ids'],
    ['task_ids', 'job_ids'],
  ]);

/** Fields of a dataset that a submission may bring along, and what they must be. */
const EXTRA_FIELDS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['status', isText],
  ['priority', (value) => Number.isFinite(value)],
  ['debug', (value) => typeof value === 'boolean'],
  ['jobs_immutable', (value) => typeof value === 'boolean'],
  ['always_active', (value) => typeof value === 'boolean'],
  ['auth_groups_read', (value) => Array.isArray(value) && value.every(isText)],
]);

/** More than the fields of a dataset may have together. */
const EXTRA_CHARACTERS_MAX = 128 * 1024;

/** What a submission says itself: fields of these names are left out. */
const OWN_FIELDS: readonly string[] = [
  ...['description', 'jobs_submitted', 'tasks_submitted', 'tasks_per_job', 'group', 'username'],
];

/** Further fields that a submission brings along, but for those that it says itself; empty text brings none. */
export const extraFields = (text: string | null): Arguments | DomainError => {
  if (text !== null && text.length > EXTRA_CHARACTERS_MAX) return invalid('extra_submit_fields is too long');
  const given = text === null || text === '' ? {} : objectIn(text);
  if (given === undefined) return invalid('extra_submit_fields is not a JSON object');
  const wrong = Object.keys(given).find((name) => EXTRA_FIELDS.get(name)?.(given[name]) === false);
  if (wrong !== undefined) return invalid(`extra_submit_fields: ${wrong} is not valid`);
  return Object.fromEntries(Object.entries(given).filter(([name]) => !OWN_FIELDS.includes(name)));
};

/** Whether a dataset has a field of each of the names. */
export const areDatasetFields = (fields: Arguments): boolean =>
  Object.keys(fields).every((name) => EXTRA_FIELDS.has(name));

const submitProblem = (values: Arguments, caller: Caller): DomainError | undefined => {
  const { username, roles, groups } = caller;
  if (values['username'] !== username && !roles.includes('admin')) {
    return invalid('cannot submit as a different user');
  }
  if (!groups.includes(String(values['group']))) return invalid('not a member of selected group');
  const extra = extraFields(values['extra_submit_fields'] as string | null);
  return extra instanceof DomainError ? extra : priorityProblem(extra['priority'], caller);
};

/** Who may write the dataset: undefined when the caller may. */
export type Authorize = (datasetId: string) => DomainError | undefined;

/** The text that counts of a config: one for a dataset, or for a dataset to be submitted. */
export type CheckConfig = (datasetId: string | undefined, config: string) => Promise<string | DomainError>;

const problemOf = (action: Action, values: Arguments, caller: Caller): DomainError | undefined => {
  switch (action) {
    case 'submit':
      return submitProblem(values, caller);
    case 'materialization':
    case 'edit_config':
      return undefined;
    case 'dataset_status':
      return actionProblem(values);
    case 'job_status':
      return jobStatusProblem(values);
    case 'task_status':
      return taskStatusProblem(values);
  }
};

const notAnObject = (): DomainError => invalid('body is not a JSON object');

/** Checks a request and fills in defaults (IceProd contract 16). Access is checked first: without it nothing else is revealed. */
export const readArguments = async (
  action: Action,
  text: string,
  caller: Caller,
  authorize: Authorize,
  checkConfig: CheckConfig,
): Promise<Arguments | DomainError> => {
  const given = objectIn(text);
  if (given === undefined) return notAnObject();
  const { dataset_id: datasetId } = given;
  if (action !== 'submit' && isText(datasetId) && authorize(datasetId) !== undefined) return requestDenied();
  const values = filled(action, given);
  if (values instanceof DomainError) return values;
  const complete = {
    ...values,
    ...(action === 'submit' && { username: values['username'] ?? caller.username }),
  };
  const problem = problemOf(action, complete, caller);
  if (problem !== undefined) return problem;
  const { config } = values;
  if (!isText(config)) return complete;
  const checked = await checkConfig(action === 'submit' ? undefined : String(datasetId), config);
  return checked instanceof DomainError ? checked : { ...complete, config: checked };
};

const LEGACY: Readonly<Record<string, Argument['type']>> = { dataset_id: 'str', set_status: 'str', num: 'int' };

/** Arguments of the materialization service of old clients: without a dataset all are meant. */
export const readLegacyArguments = (text: string): Arguments | DomainError => {
  const given = objectIn(text);
  if (given === undefined) return notAnObject();
  const fits = Object.entries(given).every(
    ([name, value]) =>
      Object.hasOwn(LEGACY, name) && (value === null || accepted(LEGACY[name] ?? 'str', value) === value),
  );
  if (!fits) return invalid('invalid params');
  return {
    dataset_id: given['dataset_id'] ?? null,
    num: given['num'] ?? JOBS_WHEN_NONE_GIVEN,
    set_status: given['set_status'] ?? STATUS_WHEN_NONE_GIVEN,
  };
};
