import type { DatabaseSync } from 'node:sqlite';
import type { WorkerEvents } from '#contracts/worker-events.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { Documents } from '../document/documents.js';
import { PilotHolders } from './pilot-holders.js';
import { DEFAULT_TIMEOUT_SECONDS, durationText, heartbeatTimeoutOf } from './heartbeat-timeout.js';
import { reportedPilot, startedPilot, tasksOf } from './pilot.js';

const EVENT_TYPES: readonly (keyof WorkerEvents)[] = [
  'WorkerStarted',
  'WorkerReported',
  'WorkerEnded',
  'WorkerUnitsReleased',
];

const MICROS_PER_SECOND = 1_000_000;

/** Timeout and time of expiry, in microseconds. */
const timeoutOf = (document: string, timeMicros: number): readonly [timeout: number, expires: number] => {
  const timeout = (heartbeatTimeoutOf(document) ?? DEFAULT_TIMEOUT_SECONDS) * MICROS_PER_SECOND;
  return [timeout, timeMicros + timeout];
};

/** Why a pilot ended, for the history of its tasks. */
const reasonOf = ({ reason, silent_seconds: seconds }: WorkerEvents['WorkerEnded']): string =>
  seconds === undefined ? reason : `${reason}: no heartbeat for ${durationText(seconds)}`;

/**
 * Pilots with their documents as the JSON that answers show, the tasks that they list, and the tasks of ended ones until they
 * are released. A pilot expires at `expires` unless a heartbeat comes that is no event.
 */
export const pilotProjection: Projection = {
  name: 'pilot',
  version: 4,
  streamPrefixes: ['worker-iceprod.'],
  eventTypes: EVENT_TYPES,
  tables: `
    CREATE TABLE pilot (
      id TEXT NOT NULL UNIQUE,
      updated INTEGER NOT NULL,
      timeout INTEGER NOT NULL,
      expires INTEGER NOT NULL,
      document TEXT NOT NULL,
      holder TEXT
    ) STRICT;
    CREATE TABLE pilot_task (task TEXT NOT NULL, pilot TEXT NOT NULL, PRIMARY KEY (task, pilot)) STRICT, WITHOUT ROWID;
    CREATE TABLE pilot_release (
      id TEXT NOT NULL UNIQUE,
      ended INTEGER NOT NULL,
      reason TEXT NOT NULL,
      actor TEXT NOT NULL,
      correlation TEXT NOT NULL,
      tasks TEXT NOT NULL,
      last_heartbeat INTEGER,
      holder TEXT
    ) STRICT;`,
  indexes: 'CREATE INDEX pilot_by_expiry ON pilot (expires);',

  attach(database: DatabaseSync): ProjectionWriter {
    const pilots = new Documents(database, 'pilot', 'pilot_id');
    const insert = database.prepare(
      'INSERT OR IGNORE INTO pilot (id, updated, timeout, expires, document, holder) VALUES (?, ?, ?, ?, ?, ?)',
    );
    const update = database.prepare(
      'UPDATE pilot SET updated = ?, timeout = ?, expires = ?, document = ? WHERE id = ?',
    );
    const addTask = database.prepare('INSERT OR IGNORE INTO pilot_task (task, pilot) VALUES (?, ?)');
    const removeTask = database.prepare('DELETE FROM pilot_task WHERE task = ? AND pilot = ?');
    const listTasks = (id: string, before: readonly string[], after: readonly string[]): void => {
      for (const task of before) if (!after.includes(task)) removeTask.run(task, id);
      for (const task of after) if (!before.includes(task)) addTask.run(task, id);
    };
    const holders = new PilotHolders(database);
    const remove = database.prepare('DELETE FROM pilot WHERE id = ?');
    const hold = database.prepare(
      'INSERT OR IGNORE INTO pilot_release (id, ended, reason, actor, correlation, tasks, last_heartbeat, holder) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    const release = database.prepare('DELETE FROM pilot_release WHERE id = ?');
    return {
      apply({ type, data, metadata: { timeMicros, actor, correlationId } }: AppliedEvent): void {
        // Types are ours from the ledger on: written by the deciders of this service only.
        const event = { type, data } as object as EventOf<WorkerEvents>;
        const { worker_id: id } = event.data;
        switch (event.type) {
          case 'WorkerStarted': {
            const document = startedPilot(event.data, timeMicros);
            insert.run(id, timeMicros, ...timeoutOf(document, timeMicros), document, event.data.holder ?? null);
            listTasks(id, [], tasksOf(document));
            return;
          }
          case 'WorkerReported': {
            const document = pilots.get(id);
            const after = document === undefined ? undefined : reportedPilot(document, event.data.fields, timeMicros);
            if (document === undefined || typeof after !== 'string') return;
            update.run(timeMicros, ...timeoutOf(after, timeMicros), after, id);
            listTasks(id, tasksOf(document), tasksOf(after));
            return;
          }
          case 'WorkerEnded': {
            const { units, last_heartbeat_micros: lastHeartbeat = null } = event.data;
            const holder = holders.of(id) ?? null;
            remove.run(id);
            listTasks(id, units, []);
            if (units.length === 0) return;
            const tasks = JSON.stringify(units);
            hold.run(id, timeMicros, reasonOf(event.data), actor, correlationId, tasks, lastHeartbeat, holder);
            return;
          }
          case 'WorkerUnitsReleased':
            release.run(id);
        }
      },
      forget: () => {
        // There is no state besides the tables.
      },
    };
  },
};
