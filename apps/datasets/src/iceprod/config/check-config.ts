import { Ajv2020, type SchemaObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { DomainError } from '#platform/domain-error.js';
import { isObject, type JsonMembers, objectIn } from '#platform/json-object.js';
import { isDeeperThan, membersOf, objectText } from '#contracts/raw-json.js';
import { configSchema, type ConfigVersion } from './config-schema.js';
import { fillDefaults } from './fill-defaults.js';
import { pathText, pythonText } from './python-text.js';
import { type Violation, worstViolation } from './violation.js';

const VERSION_WHEN_MISSING: ConfigVersion = 3.1;
/** Deeper than Python's parser follows, so that no reader of it ever has more. */
const LEVELS_MAX = 1_000;
/** Configs written before there was a schema. */
const OLD_VERSION = 3;

const ajv = new Ajv2020({ allErrors: true, verbose: true, strictTypes: false });

interface Judge {
  readonly schema: SchemaObject;
  readonly validate: ValidateFunction;
}

/** Compiling takes a while: not before the first config comes. */
const compiledOnce = (version: ConfigVersion): (() => Judge) => {
  let judge: Judge | undefined;
  return () => {
    if (judge === undefined) {
      const schema = configSchema(version);
      judge = { schema, validate: ajv.compile(schema) };
    }
    return judge;
  };
};

const judges: Readonly<Record<ConfigVersion, () => Judge>> = { 3.1: compiledOnce(3.1), 3.2: compiledOnce(3.2) };

const invalid = (message: string): DomainError => new DomainError('invalid', 'config.invalid', message);

const violated = ({ path, message }: Violation): DomainError =>
  invalid(`Validation error in config${pathText(path)}: ${message}`);

/** Numeric strings count as numbers; undefined stands for every version that nobody knows. */
const versionOf = (version: unknown): ConfigVersion | typeof OLD_VERSION | undefined => {
  if (version === undefined) return VERSION_WHEN_MISSING;
  const numeric = typeof version === 'number' || (typeof version === 'string' && version.trim() !== '');
  const number = numeric ? Number(version) : Number.NaN;
  return number === OLD_VERSION || number === 3.1 || number === 3.2 ? number : undefined;
};

const oldConfigViolation = ({ tasks }: JsonMembers): Violation | undefined => {
  if (tasks === undefined) return { path: [], message: "'tasks' is a required property" };
  if (!Array.isArray(tasks)) return { path: ['tasks'], message: `${pythonText(tasks)} is not of type 'array'` };
  if (tasks.length === 0) return { path: ['tasks'], message: '[] should be non-empty' };
  const index = tasks.findIndex((task) => !isObject(task));
  return index === -1
    ? undefined
    : { path: ['tasks', index], message: `${pythonText(tasks[index])} is not of type 'object'` };
};

const repeatedTaskName = (tasks: readonly { readonly name: string }[]): Violation | undefined => {
  const names = new Set<string>();
  const index = tasks.findIndex(({ name }) => names.size === names.add(name).size);
  return index === -1
    ? undefined
    : { path: ['tasks', index, 'name'], message: `${pythonText(tasks[index]?.name)} is not unique` };
};

/** Judges a copy that belongs to this function: filling in defaults changes it. */
const schemaViolation = (text: string, copy: JsonMembers, version: ConfigVersion): Violation | undefined => {
  const { schema, validate } = judges[version]();
  const config = copy['version'] === undefined ? copy : { ...copy, version };
  fillDefaults(config, schema);
  if (!validate(config)) return worstViolation(text, config, validate.errors ?? []);
  return repeatedTaskName((config as { tasks: readonly { name: string }[] }).tasks);
};

const violationOf = (text: string, copy: JsonMembers): Violation | undefined => {
  const version = versionOf(copy['version']);
  if (version === undefined) {
    return { path: ['version'], message: `${pythonText(copy['version'])} is not one of [3, 3.1, 3.2]` };
  }
  return version === OLD_VERSION ? oldConfigViolation(copy) : schemaViolation(text, copy, version);
};

const withoutDatasetId = (text: string): string => {
  const members = membersOf(text);
  members.delete('dataset_id');
  return objectText(members);
};

/**
 * Judges a config that is meant for a dataset and gives the text to store: what was sent, to the letter, but for
 * `dataset_id`, which no answer shows (IceProd contract 5).
 */
export const checkConfig = (datasetId: string, text: string): string | DomainError => {
  const copy = objectIn(text);
  if (copy === undefined || isDeeperThan(LEVELS_MAX, text)) return invalid('unknown validation error');
  const named = Object.hasOwn(copy, 'dataset_id');
  if (named && copy['dataset_id'] !== datasetId) {
    return new DomainError('invalid', 'config.other-dataset', 'dataset_id mismatch');
  }
  const violation = violationOf(text, copy);
  if (violation !== undefined) return violated(violation);
  return named ? withoutDatasetId(text) : text;
};
