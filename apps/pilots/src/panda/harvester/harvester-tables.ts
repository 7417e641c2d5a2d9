import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { WorkerFields } from '#contracts/panda/worker-events.js';
import { IS_LEFT } from './harvester-projection.js';
import type { HarvesterCommand, HarvesterView, LeftWorker, Worker } from './view.js';

type Row = Readonly<Record<string, SQLOutputValue>>;

const commandIn = (row: Row): HarvesterCommand => ({
  id: Number(row['id']),
  harvesterId: String(row['harvester']),
  command: String(row['command']),
  params: String(row['params']),
  ackRequested: row['ack_requested'] === 1,
  // Written by the projection only.
  status: String(row['status']) as HarvesterCommand['status'],
  createdMicros: Number(row['created']),
});

/** Reads what {@link harvesterProjection} keeps. */
export class HarvesterTables implements HarvesterView {
  private readonly selectInstance: StatementSync;
  private readonly selectWorker: StatementSync;
  private readonly selectMaxId: StatementSync;
  private readonly selectCommandOf: StatementSync;
  private readonly selectCommand: StatementSync;
  private readonly selectNew: StatementSync;
  private readonly selectLastId: StatementSync;
  private readonly selectLeft: StatementSync;
  private readonly selectCounts: StatementSync;

  constructor(database: DatabaseSync) {
    this.selectInstance = database.prepare('SELECT 1 FROM panda_harvester WHERE id = ?');
    this.selectWorker = database.prepare(
      'SELECT fields, updated FROM panda_worker WHERE harvester = ? AND worker = ? AND known = 1',
    );
    this.selectMaxId = database.prepare('SELECT MAX(worker) AS id FROM panda_worker WHERE harvester = ? AND known = 1');
    this.selectCommandOf = database.prepare('SELECT * FROM panda_command WHERE harvester = ? AND command = ?');
    this.selectCommand = database.prepare('SELECT * FROM panda_command WHERE id = ?');
    this.selectNew = database.prepare(
      "SELECT * FROM panda_command WHERE harvester = ? AND status = 'new' ORDER BY id LIMIT ?",
    );
    this.selectLastId = database.prepare('SELECT id FROM panda_command_last');
    this.selectLeft = database.prepare(
      `SELECT harvester, worker FROM panda_worker
       WHERE ${IS_LEFT} AND pilot_end <= ? AND named <= ? AND updated >= ?
       ORDER BY pilot_end LIMIT ?`,
    );
    this.selectCounts = database.prepare(
      "SELECT queue, harvester, statistics FROM panda_worker_count WHERE updated >= ? AND statistics <> '{}' ORDER BY queue, harvester",
    );
  }

  isInstance(harvesterId: string): boolean {
    return this.selectInstance.get(harvesterId) !== undefined;
  }

  worker(harvesterId: string, workerId: number): Worker | undefined {
    const row = this.selectWorker.get(harvesterId, workerId);
    if (row === undefined) return undefined;
    return { fields: JSON.parse(String(row['fields'])) as WorkerFields, lastUpdateMicros: Number(row['updated']) };
  }

  /** The highest; 0 when there are none. */
  currentWorkerId(harvesterId: string): number {
    return Number(this.selectMaxId.get(harvesterId)?.['id'] ?? 0);
  }

  commandOf(harvesterId: string, name: string): HarvesterCommand | undefined {
    const row = this.selectCommandOf.get(harvesterId, name);
    return row === undefined ? undefined : commandIn(row);
  }

  command(id: number): HarvesterCommand | undefined {
    const row = this.selectCommand.get(id);
    return row === undefined ? undefined : commandIn(row);
  }

  newCommands(harvesterId: string, limit: number): readonly HarvesterCommand[] {
    return this.selectNew.all(harvesterId, limit).map(commandIn);
  }

  nextCommandId(): number {
    return Number(this.selectLastId.get()?.['id'] ?? 0) + 1;
  }

  leftWorkers(
    times: { readonly finishedBefore: number; readonly namedBefore: number; readonly toldSince: number },
    limit: number,
  ): readonly LeftWorker[] {
    return this.selectLeft
      .all(times.finishedBefore, times.namedBefore, times.toldSince, limit)
      .map((row) => ({ harvesterId: String(row['harvester']), workerId: Number(row['worker']) }));
  }

  /** Raw JSON by queue, harvester, job type, resource type and status, of what was counted since a time (contract 6.4). */
  countsSince(micros: number): string {
    const byQueue = new Map<string, string[]>();
    for (const row of this.selectCounts.iterate(micros)) {
      const entry = `${JSON.stringify(row['harvester'])}:${String(row['statistics'])}`;
      const entries = byQueue.get(String(row['queue']));
      if (entries === undefined) byQueue.set(String(row['queue']), [entry]);
      else entries.push(entry);
    }
    const queues = [...byQueue].map(([queue, entries]) => `${JSON.stringify(queue)}:{${entries.join(',')}}`);
    return `{${queues.join(',')}}`;
  }
}
