import type { DatabaseSync } from 'node:sqlite';
import type { WorkerEvents } from '#contracts/worker-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { Documents } from '../document/documents.js';
import { reportedPilot, startedPilot } from './pilot.js';

type WorkerEvent = {
  [Type in keyof WorkerEvents]: { readonly type: Type; readonly data: WorkerEvents[Type] };
}[keyof WorkerEvents];

const EVENT_TYPES: readonly (keyof WorkerEvents)[] = [
  'WorkerStarted',
  'WorkerReported',
  'WorkerEnded',
  'WorkerUnitsReleased',
];

/** Pilots with their documents as the JSON that answers show, and the tasks of ended ones until they are released. */
export const pilotProjection: Projection = {
  name: 'pilot',
  version: 1,
  streamPrefixes: ['worker-iceprod.'],
  eventTypes: EVENT_TYPES,
  tables: `
    CREATE TABLE pilot (id TEXT NOT NULL UNIQUE, updated INTEGER NOT NULL, document TEXT NOT NULL) STRICT;
    CREATE TABLE pilot_release (
      id TEXT NOT NULL UNIQUE,
      ended INTEGER NOT NULL,
      reason TEXT NOT NULL,
      actor TEXT NOT NULL,
      correlation TEXT NOT NULL,
      tasks TEXT NOT NULL
    ) STRICT;`,
  indexes: 'CREATE INDEX pilot_by_update ON pilot (updated);',

  attach(database: DatabaseSync): ProjectionWriter {
    const pilots = new Documents(database, 'pilot', 'pilot_id');
    const insert = database.prepare('INSERT OR IGNORE INTO pilot (id, updated, document) VALUES (?, ?, ?)');
    const update = database.prepare('UPDATE pilot SET updated = ?, document = ? WHERE id = ?');
    const remove = database.prepare('DELETE FROM pilot WHERE id = ?');
    const hold = database.prepare(
      'INSERT OR IGNORE INTO pilot_release (id, ended, reason, actor, correlation, tasks) VALUES (?, ?, ?, ?, ?, ?)',
    );
    const release = database.prepare('DELETE FROM pilot_release WHERE id = ?');
    return {
      apply({ type, data, metadata: { timeMicros, actor, correlationId } }: AppliedEvent): void {
        // Types are ours from the ledger on: written by the deciders of this service only.
        const event = { type, data } as object as WorkerEvent;
        const { worker_id: id } = event.data;
        switch (event.type) {
          case 'WorkerStarted':
            insert.run(id, timeMicros, startedPilot(event.data, timeMicros));
            return;
          case 'WorkerReported': {
            const document = pilots.get(id);
            const after = document === undefined ? undefined : reportedPilot(document, event.data.fields, timeMicros);
            if (typeof after === 'string') update.run(timeMicros, after, id);
            return;
          }
          case 'WorkerEnded': {
            const { reason, units } = event.data;
            remove.run(id);
            if (units.length > 0) hold.run(id, timeMicros, reason, actor, correlationId, JSON.stringify(units));
            return;
          }
          case 'WorkerUnitsReleased':
            release.run(id);
        }
      },
      forget: () => {
        // Everything stands in the tables.
      },
    };
  },
};
