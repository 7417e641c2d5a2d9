import { DomainError } from '#platform/domain-error.js';
import { objectIn } from '#platform/json-object.js';
import { JsonScanner } from '#contracts/json-scanner.js';
import { withoutNonFinite } from '#contracts/non-finite.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import { checkConfig } from '../config/check-config.js';

/** As for configs that are the body of a request; the levels are those that {@link checkConfig} allows. */
const LIMITS = { valuesMax: 50_000, namesMax: 50_000, levelsMax: 1_000 };

/** The text of a config with another version; texts of numbers and the order of members stay as they are. */
export const ofVersion32 = (config: string): string | undefined => {
  try {
    const members = membersOf(config);
    if (members.get('version') !== '3.2') members.set('version', '3.2');
    return objectText(members);
  } catch {
    return undefined;
  }
};

/** A config as Python's `json` may have written it; what is no JSON anyway stays as it is, to be refused. */
const withNullsForNonFinite = (config: string): string => {
  if (objectIn(config) !== undefined) return config;
  try {
    return withoutNonFinite(config) ?? config;
  } catch {
    return config;
  }
};

const invalid = (message: string): DomainError => new DomainError('invalid', 'request.invalid', message);

/**
 * Checks a config in the arguments of a request (IceProd contract 16), and returns the text that counts.
 *
 * @param datasetId `undefined` for a dataset to be submitted, whose config has to be of version 3.2
 */
export const checkRequestedConfig = (datasetId: string | undefined, text: string): string | DomainError => {
  const excess = new JsonScanner(LIMITS).feed(Buffer.from(text));
  if (excess !== undefined) return invalid(`config ${excess}`);
  const config = withNullsForNonFinite(text);
  const meant = datasetId === undefined ? ofVersion32(config) : config;
  const checked =
    meant === undefined || objectIn(meant) === undefined ? undefined : checkConfig(datasetId ?? '', meant);
  if (typeof checked === 'string') return config;
  return checked?.message.startsWith('Validation error in config') === true
    ? invalid(checked.message)
    : invalid('config is not valid');
};
