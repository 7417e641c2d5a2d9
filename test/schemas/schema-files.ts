import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { PACKAGE_ROOT } from '#platform/package-root.js';
import { incompatibilities } from './compatibility.js';
import { eventPage } from './event-page.js';
import { type EventSchema, makeEventSchemas } from './event-schemas.js';
import type { JsonSchema } from './json-schema.js';

/** Where schemas are kept, of earlier versions too: `<dialect>/<type>.<version>.json`. */
const SCHEMAS = 'libs/contracts/schemas';
const PAGE = 'docs/events.md';

/** What the types of events make of files of the repository, by path. */
export interface MadeFiles {
  readonly texts: ReadonlyMap<string, string>;
  /** Schemas that are not compatible with what was committed as the same version. */
  readonly refusals: readonly string[];
}

const schemaFile = ({ dialect, type, version }: EventSchema): string =>
  join(SCHEMAS, dialect, `${type}.${version}.json`);

/** The text of a file of the repository; undefined when there is none. */
export const committed = (file: string): string | undefined => {
  try {
    return readFileSync(join(PACKAGE_ROOT, file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Files of schemas that are kept, whether the types make them or not. */
export const keptSchemas = (): readonly string[] =>
  readdirSync(join(PACKAGE_ROOT, SCHEMAS), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.json'))
    .map((file) => join(SCHEMAS, file));

const formatted = async (file: string, text: string): Promise<string> =>
  format(text, { ...(await resolveConfig(join(PACKAGE_ROOT, 'package.json'))), filepath: file });

/** Makes schemas and documentation of all events, and compares with what there is. */
export const makeFiles = async (): Promise<MadeFiles> => {
  const events = makeEventSchemas();
  const texts = new Map<string, string>();
  const refusals: string[] = [];
  for (const event of events) {
    const file = schemaFile(event);
    texts.set(file, await formatted(file, JSON.stringify(event.schema)));
    const before = committed(file);
    if (before === undefined) continue;
    const problems = incompatibilities(JSON.parse(before) as JsonSchema, event.schema);
    refusals.push(...problems.map((problem) => `${file}: ${problem}`));
  }
  texts.set(PAGE, await formatted(PAGE, eventPage(events)));
  return { texts, refusals };
};

export const writeFiles = ({ texts }: MadeFiles): void => {
  for (const [file, text] of texts) {
    mkdirSync(dirname(join(PACKAGE_ROOT, file)), { recursive: true });
    writeFileSync(join(PACKAGE_ROOT, file), text);
  }
};
