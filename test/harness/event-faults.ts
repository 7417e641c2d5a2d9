import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { PACKAGE_ROOT } from '#platform/package-root.js';
import { schemaPath } from '#contracts/cairn/event-envelope.js';
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

/** Compares events with the schemas that are served for them. */
export class EventChecker {
  private readonly ajv = new Ajv({ allowUnionTypes: true });

  constructor() {
    for (const file of readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.json')) continue;
      const schema = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { readonly $id: string };
      this.ajv.addSchema(strict(schema) as object, schema.$id);
    }
  }

  /** What does not fit; undefined when the event is as its schema says. */
  faultOf({ stream, type, data, metadata, position }: RecordedEvent): string | undefined {
    if (type === BATCH_SEALED) return undefined;
    const { schemaVersion } = JSON.parse(metadata) as EventMetadata;
    const path = schemaPath(partsOfStream(stream).dialect, type, schemaVersion);
    const validate: ValidateFunction | undefined = this.ajv.getSchema(path);
    if (validate === undefined) return `${stream}: ${type} has no schema`;
    if (validate(JSON.parse(data))) return undefined;
    return `${stream}: ${type} at ${position}: ${this.ajv.errorsText(validate.errors)}: ${data.slice(0, 500)}`;
  }
}

/** The first faults of a ledger's events, one of each type. */
export const eventFaults = async (ledger: Ledger): Promise<readonly string[]> => {
  const checker = new EventChecker();
  const faults = new Map<string, string>();
  for await (const { events } of ledger.readAll()) {
    for (const event of events) {
      const fault = faults.size < FAULTS_MAX ? checker.faultOf(event) : undefined;
      if (fault !== undefined && !faults.has(event.type)) faults.set(event.type, fault);
    }
  }
  return [...faults.values()];
};
