import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { PACKAGE_ROOT } from '#platform/package-root.js';
import type { EventMetadata, Ledger, RecordedEvent } from '#ledger/ledger.js';
import { partsOfStream } from '#ledger/ref.js';
import { BATCH_SEALED } from '#ledger/staged-batch.js';

const FOLDER = join(PACKAGE_ROOT, 'libs/contracts/schemas');
const FAULTS_MAX = 20;

/** The same schema for those who know all members: it allows no others. */
const strict = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([name, part]) => [name, strict(part)]));
  return parts['type'] === 'object' && parts['additionalProperties'] === undefined
    ? { ...parts, additionalProperties: false }
    : parts;
};

const ajv = new Ajv({ allowUnionTypes: true });
/** By the file of their schema. A suite may check several ledgers, each with few of all types. */
const validators = new Map<string, ValidateFunction>();

const validatorIn = (file: string): ValidateFunction | undefined => {
  const known = validators.get(file);
  if (known !== undefined || !existsSync(file)) return known;
  const validate = ajv.compile(strict(JSON.parse(readFileSync(file, 'utf8'))) as object);
  validators.set(file, validate);
  return validate;
};

/** What does not fit the schema that is served for an event; undefined when the event is as it says. */
const faultOf = ({ stream, type, data, metadata, position }: RecordedEvent): string | undefined => {
  if (type === BATCH_SEALED) return undefined;
  const { schemaVersion } = JSON.parse(metadata) as EventMetadata;
  const validate = validatorIn(join(FOLDER, partsOfStream(stream).dialect, `${type}.${schemaVersion}.json`));
  if (validate === undefined) return `${stream}: ${type} has no schema`;
  if (validate(JSON.parse(data))) return undefined;
  return `${stream}: ${type} at ${position}: ${ajv.errorsText(validate.errors)}: ${data.slice(0, 500)}`;
};

/** The first faults of a ledger's events, one of each type. */
export const eventFaults = async (ledger: Ledger): Promise<readonly string[]> => {
  const faults = new Map<string, string>();
  for await (const { events } of ledger.readAll()) {
    for (const event of events) {
      const fault = faults.size < FAULTS_MAX ? faultOf(event) : undefined;
      if (fault !== undefined && !faults.has(event.type)) faults.set(event.type, fault);
    }
  }
  return [...faults.values()];
};
