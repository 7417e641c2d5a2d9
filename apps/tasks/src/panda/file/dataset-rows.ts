import type { DatabaseSync } from 'node:sqlite';
import type { DatasetStatus } from '#contracts/panda/events.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import type { Dataset } from '../view.js';
import { DATASET_TYPES } from './file-words.js';

export const DATASET_TABLE = `
CREATE TABLE IF NOT EXISTS panda_dataset (
  id INTEGER PRIMARY KEY,
  task INTEGER NOT NULL,
  name TEXT NOT NULL,
  container TEXT,
  type INTEGER NOT NULL,
  status TEXT NOT NULL,
  state TEXT NOT NULL,
  master INTEGER,
  provenance INTEGER,
  attributes TEXT NOT NULL,
  stream_name TEXT,
  storage_token TEXT,
  destination TEXT,
  template INTEGER,
  site TEXT,
  files INTEGER NOT NULL,
  to_be_used INTEGER NOT NULL,
  used INTEGER NOT NULL,
  running INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  missing INTEGER NOT NULL,
  events ANY NOT NULL,
  events_used ANY NOT NULL
) STRICT;`;

export const DATASET_INDEXES = 'CREATE INDEX IF NOT EXISTS panda_dataset_of_task ON panda_dataset (task);';

/** In the order of {@link datasetOf}. */
const COLUMNS = `id, task, name, container, type, status, state, master, provenance, attributes, stream_name, storage_token, destination,
  template, site, files, to_be_used, used, running, finished, failed, missing, events, events_used`;

type DatasetValues = readonly [
  ...[id: number, task: number, name: string, container: string | null, type: number, status: DatasetStatus],
  ...[state: Dataset['state'], master: number | null, provenance: number | null, attributes: string],
  ...[streamName: string | null, storageToken: string | null, destination: string | null, template: number | null],
  ...[site: string | null],
  ...[files: number, toBeUsed: number, used: number, running: number, finished: number, failed: number],
  ...[missing: number, events: number, eventsUsed: number],
];

const datasetOf = (row: DatasetValues): Dataset => ({
  id: row[0],
  taskId: row[1],
  name: row[2],
  container: row[3],
  type: DATASET_TYPES[row[4]] ?? 'input',
  status: row[5],
  state: row[6],
  masterId: row[7],
  provenanceId: row[8],
  attributes: row[9],
  streamName: row[10],
  storageToken: row[11],
  destination: row[12],
  templateId: row[13],
  site: row[14],
  nFiles: row[15],
  nFilesToBeUsed: row[16],
  nFilesUsed: row[17],
  nFilesRunning: row[18],
  nFilesFinished: row[19],
  nFilesFailed: row[20],
  nFilesMissing: row[21],
  nEvents: row[22],
  nEventsUsed: row[23],
});

/** Datasets of tasks on one connection. */
export class DatasetRows {
  private readonly selectOne: ArrayStatement<DatasetValues>;
  private readonly selectOfTask: ArrayStatement<DatasetValues>;

  constructor(database: DatabaseSync) {
    this.selectOne = arrayStatement(database, `SELECT ${COLUMNS} FROM panda_dataset WHERE id = ?`);
    this.selectOfTask = arrayStatement(database, `SELECT ${COLUMNS} FROM panda_dataset WHERE task = ? ORDER BY id`);
  }

  dataset(id: number): Dataset | undefined {
    const row = this.selectOne.get(id);
    return row === undefined ? undefined : datasetOf(row);
  }

  ofTask(taskId: number): readonly Dataset[] {
    return this.selectOfTask.all(taskId).map(datasetOf);
  }
}
