import { join } from 'node:path';
import ts from 'typescript';
import { PACKAGE_ROOT } from '#platform/package-root.js';
import { schemaPath } from '#contracts/cairn/event-envelope.js';
import { EVENT_VERSIONS } from '#contracts/event-types.js';
import type { JsonSchema } from './json-schema.js';
import { TypeSchemas } from './type-schemas.js';

const CATALOGUE = join(PACKAGE_ROOT, 'libs/contracts/src/event-types.ts');

/** The schema of the data of a type of events. */
export interface EventSchema {
  readonly dialect: string;
  readonly type: string;
  readonly version: number;
  readonly schema: JsonSchema;
}

const openCatalogue = (): { readonly checker: ts.TypeChecker; readonly catalogue: ts.Symbol } => {
  const read = ts.readConfigFile(join(PACKAGE_ROOT, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(read.config, { ...ts.sys, readDirectory: () => [] }, PACKAGE_ROOT);
  const program = ts.createProgram([CATALOGUE], { ...options, noEmit: true, incremental: false });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(CATALOGUE);
  const module = source && checker.getSymbolAtLocation(source);
  const catalogue = module && checker.getExportsOfModule(module).find(({ name }) => name === 'EventTypes');
  if (catalogue === undefined) throw new Error(`${CATALOGUE} has no EventTypes`);
  return { checker, catalogue };
};

/** The schemas of all events, made from the types of their data. */
export const makeEventSchemas = (): readonly EventSchema[] => {
  const { checker, catalogue } = openCatalogue();
  return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(catalogue)).flatMap((ofDialect) => {
    const dialect = ofDialect.name;
    const versions: Readonly<Record<string, number>> = EVENT_VERSIONS[dialect as keyof typeof EVENT_VERSIONS];
    // Dialects may give the same name to different types.
    const schemas = new TypeSchemas(checker);
    return checker.getPropertiesOfType(checker.getTypeOfSymbol(ofDialect)).map((event): EventSchema => {
      const type = event.name;
      const version = versions[type];
      if (version === undefined) throw new Error(`${dialect} has no version of ${type}`);
      const data = schemas.inlineSchemaOf(checker.getTypeOfSymbol(event));
      const definitions = schemas.definitionsFor(data);
      const schema = {
        $schema: 'http://json-schema.org/draft-07/schema#',
        $id: schemaPath(dialect, type, version),
        title: type,
        description: schemas.docOf(event) || schemas.docOf(schemas.namedTypeOf(event)),
        ...data,
        ...(Object.keys(definitions).length > 0 && { definitions }),
      };
      return { dialect, type, version, schema };
    });
  });
};
