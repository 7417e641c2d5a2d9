import type { DatabaseSync } from 'node:sqlite';
import {
  type HarvesterEvents,
  WORKER_KEPT_MICROS,
  type WorkerFields,
  WORKERS_FORGOTTEN_MAX,
} from '#contracts/panda/worker-events.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { SYNC_WORKERS_KILL } from './commands.js';

const EVENT_TYPES: readonly (keyof HarvesterEvents)[] = [
  'HarvesterSeen',
  'WorkersReported',
  'PilotReported',
  'WorkersCounted',
  'CommandIssued',
  'CommandsRetrieved',
  'CommandsAcknowledged',
];

/** Workers between two places where others may get a turn. */
const SLICE_WORKERS = 50;

/** Workers that harvester takes for alive although their pilot has finished. */
export const IS_LEFT = `known = 1 AND pilot_status = 'finished' AND status IN ('submitted', 'ready', 'running', 'idle')`;

/**
 * Harvester instances, their workers, counts and commands. A worker that only its pilot has told of has `known` 0, until harvester tells of it (D27).
 * Dialogs and metrics are in the history only.
 */
export const harvesterProjection: Projection = {
  name: 'panda-harvester',
  version: 2,
  streamPrefixes: ['worker-panda.'],
  eventTypes: EVENT_TYPES,
  tables: `
    CREATE TABLE panda_harvester (
      id TEXT PRIMARY KEY,
      updated INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE panda_worker (
      harvester TEXT NOT NULL,
      worker INTEGER NOT NULL,
      known INTEGER NOT NULL,
      status TEXT NOT NULL,
      updated INTEGER NOT NULL,
      fields TEXT NOT NULL,
      pilot_status TEXT,
      pilot_start INTEGER,
      pilot_end INTEGER,
      pilot_node TEXT,
      named INTEGER NOT NULL,
      PRIMARY KEY (harvester, worker)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX panda_worker_updated ON panda_worker (updated);
    CREATE TABLE panda_worker_count (
      queue TEXT NOT NULL,
      harvester TEXT NOT NULL,
      updated INTEGER NOT NULL,
      statistics TEXT NOT NULL,
      PRIMARY KEY (queue, harvester)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE panda_command (
      id INTEGER PRIMARY KEY,
      harvester TEXT NOT NULL,
      command TEXT NOT NULL,
      params TEXT NOT NULL,
      ack_requested INTEGER NOT NULL,
      status TEXT NOT NULL,
      created INTEGER NOT NULL,
      UNIQUE (harvester, command)
    ) STRICT;
    CREATE TABLE panda_command_last (one INTEGER PRIMARY KEY, id INTEGER NOT NULL) STRICT;`,
  indexes: `
    CREATE INDEX panda_worker_known ON panda_worker (harvester, worker) WHERE known = 1;
    CREATE INDEX panda_worker_left ON panda_worker (pilot_end) WHERE ${IS_LEFT};
    CREATE INDEX panda_command_new ON panda_command (harvester, id) WHERE status = 'new';`,

  attach(database: DatabaseSync): ProjectionWriter {
    const see = database.prepare('INSERT OR REPLACE INTO panda_harvester (id, updated) VALUES (?, ?)');
    const selectFields = database.prepare('SELECT fields FROM panda_worker WHERE harvester = ? AND worker = ?');
    const tell = database.prepare(
      `INSERT INTO panda_worker (harvester, worker, known, status, updated, fields, named) VALUES (?, ?, 1, ?, ?, ?, 0)
       ON CONFLICT (harvester, worker) DO UPDATE SET known = 1, status = excluded.status, updated = excluded.updated, fields = excluded.fields`,
    );
    const report = database.prepare(
      `INSERT INTO panda_worker (harvester, worker, known, status, updated, fields, pilot_status, pilot_start, pilot_end, pilot_node, named)
       VALUES (?, ?, 0, '', ?, '{}', ?, ?, ?, ?, 0)
       ON CONFLICT (harvester, worker) DO UPDATE SET pilot_status = excluded.pilot_status,
         pilot_start = COALESCE(excluded.pilot_start, pilot_start), pilot_end = excluded.pilot_end,
         pilot_node = COALESCE(excluded.pilot_node, pilot_node)`,
    );
    const count = database.prepare(
      'INSERT OR REPLACE INTO panda_worker_count (queue, harvester, updated, statistics) VALUES (?, ?, ?, ?)',
    );
    const name = database.prepare('UPDATE panda_worker SET named = ? WHERE harvester = ? AND worker = ?');
    const dropCommand = database.prepare('DELETE FROM panda_command WHERE harvester = ? AND command = ?');
    const issue = database.prepare(
      `INSERT OR REPLACE INTO panda_command (id, harvester, command, params, ack_requested, status, created)
       VALUES (?, ?, ?, ?, ?, 'new', ?)`,
    );
    const countCommand = database.prepare(
      `INSERT INTO panda_command_last (one, id) VALUES (1, ?)
       ON CONFLICT (one) DO UPDATE SET id = MAX(id, excluded.id)`,
    );
    const move = database.prepare('UPDATE panda_command SET status = ? WHERE id = ?');
    const forget = database.prepare(
      `DELETE FROM panda_worker WHERE (harvester, worker) IN (
         SELECT harvester, worker FROM panda_worker AS old WHERE updated < ?
           AND worker < (SELECT MAX(worker) FROM panda_worker WHERE harvester = old.harvester AND known = 1)
         ORDER BY updated LIMIT ${WORKERS_FORGOTTEN_MAX})`,
    );
    const tellAll = function* (
      { harvester_id: harvester, workers }: HarvesterEvents['WorkersReported'],
      timeMicros: number,
    ): Generator<void, void, void> {
      for (const [index, { worker_id: worker, set }] of workers.entries()) {
        const before = selectFields.get(harvester, worker)?.['fields'];
        const fields: WorkerFields = { ...(JSON.parse(String(before ?? '{}')) as WorkerFields), ...set };
        tell.run(harvester, worker, fields.status ?? '', timeMicros, JSON.stringify(fields));
        if (index % SLICE_WORKERS === SLICE_WORKERS - 1) yield;
      }
      forget.run(timeMicros - WORKER_KEPT_MICROS);
    };
    return {
      apply({ type, data: facts, metadata: { timeMicros } }: AppliedEvent): void | Generator<void, void, void> {
        // Types are ours from the ledger on: written by the deciders of this service only.
        const event = { type, data: facts } as object as EventOf<HarvesterEvents>;
        const { harvester_id: harvester } = event.data;
        switch (event.type) {
          case 'HarvesterSeen':
            see.run(harvester, timeMicros);
            return;
          case 'WorkersReported':
            return tellAll(event.data, timeMicros);
          case 'PilotReported': {
            const { worker_id: worker, status, node_id: node = null } = event.data;
            const [started, ended] = status === 'started' ? [timeMicros, null] : [null, timeMicros];
            report.run(harvester, worker, timeMicros, status, started, ended, node);
            return;
          }
          case 'WorkersCounted':
            count.run(event.data.queue, harvester, timeMicros, event.data.statistics);
            return;
          case 'CommandIssued': {
            const { command_id: id, command, params, ack_requested: ack } = event.data;
            dropCommand.run(harvester, command);
            issue.run(id, harvester, command, params, ack ? 1 : 0, timeMicros);
            countCommand.run(id);
            if (command !== SYNC_WORKERS_KILL) return;
            for (const worker of JSON.parse(params) as readonly number[]) name.run(timeMicros, harvester, worker);
            return;
          }
          case 'CommandsRetrieved':
            for (const id of event.data.command_ids) move.run('retrieved', id);
            return;
          case 'CommandsAcknowledged':
            for (const id of event.data.command_ids) move.run('acknowledged', id);
            return;
          default:
        }
      },
      forget: () => {
        // There is no state besides the tables.
      },
    };
  },
};
