import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ConfigurationSection } from '#contracts/panda/administration.js';
import type { Queue } from '#contracts/panda/queues.js';

/** What deciders and answers read of the configuration. */
export interface ConfigurationView {
  /** Raw JSON of an entry with all defaults. */
  value(section: ConfigurationSection, name: string): string | undefined;
  /** Raw JSON of entries in the order of their names, behind a name. */
  values(section: ConfigurationSection, after?: string, limit?: number): readonly string[];
  queue(name: string): Queue | undefined;
  /** Digest of an entry at the last reading of the operator's document; undefined when the document had none. */
  digest(section: ConfigurationSection, name: string): string | undefined;
  /** What the document had at its last reading. */
  entriesOfDocument(): readonly { readonly section: ConfigurationSection; readonly name: string }[];
}

export class ConfigurationTables implements ConfigurationView {
  private readonly selectValue: StatementSync;
  private readonly selectValues: StatementSync;
  private readonly selectDigest: StatementSync;
  private readonly selectRead: StatementSync;

  constructor(database: DatabaseSync) {
    this.selectValue = database.prepare('SELECT value FROM panda_configuration WHERE section = ? AND name = ?');
    this.selectValues = database.prepare(
      'SELECT value FROM panda_configuration WHERE section = ? AND name > ? AND value IS NOT NULL ORDER BY name LIMIT ?',
    );
    this.selectDigest = database.prepare('SELECT digest FROM panda_configuration WHERE section = ? AND name = ?');
    this.selectRead = database.prepare('SELECT section, name FROM panda_configuration WHERE digest IS NOT NULL');
  }

  value(section: ConfigurationSection, name: string): string | undefined {
    return textIn(this.selectValue.get(section, name)?.['value']);
  }

  values(section: ConfigurationSection, after = '', limit = -1): readonly string[] {
    return this.selectValues.all(section, after, limit).map((row) => String(row['value']));
  }

  queue(name: string): Queue | undefined {
    const value = this.value('queues', name);
    return value === undefined ? undefined : (JSON.parse(value) as Queue);
  }

  digest(section: ConfigurationSection, name: string): string | undefined {
    return textIn(this.selectDigest.get(section, name)?.['digest']);
  }

  entriesOfDocument(): readonly { readonly section: ConfigurationSection; readonly name: string }[] {
    return this.selectRead.all().map((row) => {
      // Sections are ours: written by the projection only.
      return { section: String(row['section']) as ConfigurationSection, name: String(row['name']) };
    });
  }
}

const textIn = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
