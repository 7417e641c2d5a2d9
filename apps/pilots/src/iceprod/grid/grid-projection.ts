import type { DatabaseSync } from 'node:sqlite';
import type { SiteEvents } from '#contracts/worker-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { Documents } from '../document/documents.js';
import { registeredGrid, reportedGrid } from './grid.js';

const REGISTERED: keyof SiteEvents = 'SiteRegistered';
const REPORTED: keyof SiteEvents = 'SiteReported';

/** Grids with their documents as the JSON that answers show. */
export const gridProjection: Projection = {
  name: 'grid',
  version: 1,
  streamPrefixes: ['site-iceprod.'],
  eventTypes: [REGISTERED, REPORTED],
  tables: 'CREATE TABLE grid (id TEXT NOT NULL UNIQUE, document TEXT NOT NULL) STRICT;',
  indexes: '',

  attach(database: DatabaseSync): ProjectionWriter {
    const grids = new Documents(database, 'grid', 'grid_id');
    const insert = database.prepare('INSERT OR IGNORE INTO grid (id, document) VALUES (?, ?)');
    const update = database.prepare('UPDATE grid SET document = ? WHERE id = ?');
    return {
      // Types are ours from the ledger on: written by the deciders of this service only.
      apply({ type, data, metadata: { timeMicros } }: AppliedEvent): void {
        if (type === REGISTERED) {
          const registered = data as object as SiteEvents['SiteRegistered'];
          insert.run(registered.site_id, registeredGrid(registered, timeMicros));
          return;
        }
        const { site_id: id, fields } = data as object as SiteEvents['SiteReported'];
        const document = grids.get(id);
        const after = document === undefined ? undefined : reportedGrid(document, fields, timeMicros);
        if (typeof after === 'string') update.run(after, id);
      },
      forget: () => {
        // There is no state besides the table.
      },
    };
  },
};
