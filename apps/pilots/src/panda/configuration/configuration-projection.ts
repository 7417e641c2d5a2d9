import type { DatabaseSync } from 'node:sqlite';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { CONFIGURATION_STREAM } from '../streams.js';
import { ENTRY_EVENTS, type EntryEvent, entryOf } from './entry-events.js';

/**
 * Entries of the configuration as raw JSON with all defaults, and beside them what the operator's document said of each at its last reading
 * (contract 10.1): an entry that was removed through the API keeps that, so that the same document does not bring it back.
 */
export const configurationProjection: Projection = {
  name: 'panda-configuration',
  version: 1,
  streamPrefixes: ['site-panda.main.', CONFIGURATION_STREAM],
  eventTypes: ENTRY_EVENTS,
  tables: `
    CREATE TABLE panda_configuration (
      section TEXT NOT NULL,
      name TEXT NOT NULL,
      value TEXT,
      digest TEXT,
      PRIMARY KEY (section, name)
    ) STRICT, WITHOUT ROWID;`,
  indexes: '',

  attach(database: DatabaseSync): ProjectionWriter {
    const setValue = database.prepare(
      `INSERT INTO panda_configuration (section, name, value) VALUES (?, ?, ?)
       ON CONFLICT (section, name) DO UPDATE SET value = excluded.value`,
    );
    const setDigest = database.prepare('UPDATE panda_configuration SET digest = ? WHERE section = ? AND name = ?');
    const dropNothing = database.prepare(
      'DELETE FROM panda_configuration WHERE section = ? AND name = ? AND value IS NULL AND digest IS NULL',
    );
    return {
      apply({ type, data }: AppliedEvent): void {
        // Types are ours from the ledger on: written by the deciders of this service only.
        const event = { type, data } as object as EntryEvent;
        const { section, name, value } = entryOf(event);
        setValue.run(section, name, value);
        const { from_document: digest } = event.data;
        if (digest !== undefined) setDigest.run(digest === '' ? null : digest, section, name);
        dropNothing.run(section, name);
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};
