import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { PACKAGE_ROOT } from '#platform/package-root.js';
import { schemaPath, schemaUri } from '#contracts/cairn/event-envelope.js';

const FOLDER = join(PACKAGE_ROOT, 'libs/contracts/schemas');

/** A schema in the list of all. */
interface ListedSchema {
  readonly dialect: string;
  readonly type: string;
  readonly version: number;
  readonly description: string;
  /** As events name it. */
  readonly dataschema: string;
  /** Where the schema is. */
  readonly path: string;
}

interface SchemaFiles {
  readonly list: readonly ListedSchema[];
  /** JSON texts by path. */
  readonly texts: ReadonlyMap<string, string>;
}

const readSchemas = async (): Promise<SchemaFiles> => {
  const list: ListedSchema[] = [];
  const texts = new Map<string, string>();
  for (const entry of await readdir(FOLDER, { recursive: true, withFileTypes: true })) {
    const [, type = '', version = ''] = /^(\w+)\.(\d+)\.json$/.exec(entry.name) ?? [];
    if (type === '') continue;
    const text = await readFile(join(entry.parentPath, entry.name), 'utf8');
    const { description } = JSON.parse(text) as Pick<ListedSchema, 'description'>;
    const named = { dialect: basename(entry.parentPath), type, version: Number(version) };
    const path = schemaPath(named.dialect, type, named.version);
    list.push({ ...named, description, dataschema: schemaUri(named.dialect, type, named.version), path });
    texts.set(path, text);
  }
  return { list: list.toSorted((a, b) => (a.path < b.path ? -1 : 1)), texts };
};

/** The JSON Schemas of events' data, which are read when somebody asks for them first. */
@Injectable()
export class EventSchemas {
  private files: Promise<SchemaFiles> | undefined;

  async list(): Promise<readonly ListedSchema[]> {
    return (await this.read()).list;
  }

  /** The text of a schema; undefined when there is none. */
  async textOf(dialect: string, type: string, version: string): Promise<string | undefined> {
    const isNumber = /^[1-9]\d{0,8}$/.test(version);
    return isNumber ? (await this.read()).texts.get(schemaPath(dialect, type, Number(version))) : undefined;
  }

  private read(): Promise<SchemaFiles> {
    return (this.files ??= readSchemas().catch((error: unknown) => {
      this.files = undefined;
      throw error;
    }));
  }
}
