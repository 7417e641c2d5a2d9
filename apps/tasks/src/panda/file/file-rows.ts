import type { DatabaseSync } from 'node:sqlite';
import type { TaskFileStatus } from '#contracts/panda/statuses.js';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import type { Dataset, TaskFile } from '../view.js';
import type { FileState } from './file.js';
import { DATASET_TYPES, FILE_STATUSES, isInputCode, PROC_STATUSES } from './file-words.js';

/** Sizes and numbers of events come from clients: they are kept as they are. */
export const FILE_TABLE = `
CREATE TABLE IF NOT EXISTS panda_file (
  id INTEGER PRIMARY KEY,
  dataset INTEGER NOT NULL,
  type INTEGER NOT NULL,
  lfn TEXT NOT NULL,
  guid TEXT,
  scope TEXT,
  fsize ANY NOT NULL,
  checksum TEXT,
  status INTEGER NOT NULL,
  proc INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  max_attempt INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  max_failure INTEGER,
  panda_id INTEGER,
  ram ANY NOT NULL,
  n_events ANY,
  start_event ANY,
  end_event ANY,
  first_event ANY
) STRICT;`;

const READY = FILE_STATUSES.indexOf('ready');
const LAST_INPUT_TYPE = DATASET_TYPES.indexOf('random_seed');
const USABLE = `status = ${READY} AND attempt < max_attempt AND (max_failure IS NULL OR failed < max_failure)`;
const EXHAUSTED = `status = ${READY} AND type <= ${LAST_INPUT_TYPE} AND (attempt >= max_attempt OR failed >= max_failure)`;

export const FILE_INDEXES = `
CREATE INDEX IF NOT EXISTS panda_file_of_dataset ON panda_file (dataset, id, status);
CREATE INDEX IF NOT EXISTS panda_file_usable ON panda_file (dataset, first_event, lfn, id) WHERE ${USABLE};
CREATE INDEX IF NOT EXISTS panda_file_exhausted ON panda_file (dataset, id) WHERE ${EXHAUSTED};
CREATE INDEX IF NOT EXISTS panda_file_named ON panda_file (dataset, lfn, start_event) WHERE type <= ${LAST_INPUT_TYPE};`;

/** What events look at. In the order of {@link stateOf}. */
const STATE_COLUMNS = 'dataset, type, status, proc, attempt, max_attempt, failed, max_failure, panda_id, ram, n_events';

/** In the order of {@link fileOf}. */
export const FILE_COLUMNS = `id, dataset, type, lfn, guid, scope, fsize, checksum, status, proc, attempt, max_attempt, failed, max_failure,
  panda_id, ram, n_events, start_event, end_event, first_event`;

type StateValues = readonly [
  ...[dataset: number, type: number, status: number, proc: number, attempt: number, maxAttempt: number],
  ...[failed: number, maxFailure: number | null, pandaId: number | null, ram: number, nEvents: number | null],
];

/** A file as events see it. */
export interface StoredFileState extends FileState {
  readonly datasetId: number;
}

const stateOf = (row: StateValues): StoredFileState => ({
  datasetId: row[0],
  isInput: isInputCode(row[1]),
  status: FILE_STATUSES[row[2]] ?? 'ready',
  procStatus: PROC_STATUSES[row[3]] ?? 'ready',
  attemptNr: row[4],
  maxAttempt: row[5],
  failedAttempt: row[6],
  maxFailure: row[7],
  pandaId: row[8],
  ramCount: row[9],
  nEvents: row[10],
});

type FileValues = readonly [
  ...[id: number, dataset: number, type: number, lfn: string, guid: string | null, scope: string | null],
  ...[fsize: number, checksum: string | null, status: number, proc: number, attempt: number, maxAttempt: number],
  ...[failed: number, maxFailure: number | null, pandaId: number | null, ram: number, nEvents: number | null],
  ...[start: number | null, end: number | null, first: number | null],
];

const fileOf = (row: FileValues): TaskFile => ({
  id: row[0],
  datasetId: row[1],
  type: DATASET_TYPES[row[2]] ?? 'input',
  lfn: row[3],
  guid: row[4],
  scope: row[5],
  fsize: row[6],
  checksum: row[7],
  status: FILE_STATUSES[row[8]] ?? 'ready',
  procStatus: PROC_STATUSES[row[9]] ?? 'ready',
  attemptNr: row[10],
  maxAttempt: row[11],
  failedAttempt: row[12],
  maxFailure: row[13],
  pandaId: row[14],
  ramCount: row[15],
  nEvents: row[16],
  startEvent: row[17],
  endEvent: row[18],
  firstEvent: row[19],
});

/** A file with the last job that took it. */
export type FileOfJob = Pick<TaskFile, 'id' | 'status' | 'pandaId'>;

/** Files of tasks on one connection. */
export class FileRows {
  private readonly selectState: ArrayStatement<StateValues>;
  private readonly selectOne: ArrayStatement<FileValues>;
  private readonly selectUsable: ArrayStatement<FileValues>;
  private readonly selectAll: ArrayStatement<FileValues>;
  private readonly selectLastJobs: ArrayStatement<readonly [id: number, status: number, pandaId: number | null]>;
  private readonly selectExhausted: ArrayStatement<readonly [id: number]>;
  private readonly selectOfStatus: ArrayStatement<readonly [id: number]>;
  private readonly selectNamed: ArrayStatement;
  private readonly selectNamedPart: ArrayStatement;

  constructor(database: DatabaseSync) {
    const prepare = <Values extends Row>(sql: string) => arrayStatement<Values>(database, sql);
    const all = `SELECT ${FILE_COLUMNS} FROM panda_file`;
    this.selectState = prepare(`SELECT ${STATE_COLUMNS} FROM panda_file WHERE id = ?`);
    this.selectOne = prepare(`${all} WHERE id = ?`);
    this.selectUsable = prepare(`${all} WHERE dataset = ? AND ${USABLE} ORDER BY first_event, lfn, id LIMIT ?`);
    this.selectAll = prepare(`${all} WHERE dataset = ? AND id > ? ORDER BY id LIMIT ?`);
    this.selectLastJobs = prepare(
      'SELECT id, status, panda_id FROM panda_file WHERE dataset = ? AND id > ? ORDER BY id LIMIT ?',
    );
    this.selectExhausted = prepare(`SELECT id FROM panda_file WHERE dataset = ? AND ${EXHAUSTED} ORDER BY id`);
    this.selectOfStatus = prepare('SELECT id FROM panda_file WHERE dataset = ? AND status = ? ORDER BY id');
    const named = `SELECT 1 FROM panda_file WHERE dataset = ? AND lfn = ? AND type <= ${LAST_INPUT_TYPE}`;
    this.selectNamed = prepare(`${named} LIMIT 1`);
    this.selectNamedPart = prepare(`${named} AND start_event = ? AND end_event = ? LIMIT 1`);
  }

  /** What events see of a file. */
  state(id: number): StoredFileState | undefined {
    const row = this.selectState.get(id);
    return row === undefined ? undefined : stateOf(row);
  }

  file(id: number): TaskFile | undefined {
    const row = this.selectOne.get(id);
    return row === undefined ? undefined : fileOf(row);
  }

  usableFiles(dataset: Dataset, limit: number): readonly TaskFile[] {
    return this.selectUsable.all(dataset.id, limit).map(fileOf);
  }

  filesOf(datasetId: number, after: number, limit: number): readonly TaskFile[] {
    return this.selectAll.all(datasetId, after, limit).map(fileOf);
  }

  /** The last jobs of the files of a dataset, in order of the ids of files, in pages behind an id. */
  lastJobs(datasetId: number, after: number, limit: number): readonly FileOfJob[] {
    return this.selectLastJobs.all(datasetId, after, limit).map(([id, status, pandaId]) => ({
      id,
      status: FILE_STATUSES[status] ?? 'ready',
      pandaId,
    }));
  }

  exhaustedFiles(datasetId: number): readonly number[] {
    return this.selectExhausted.all(datasetId).map(([id]) => id);
  }

  filesOfStatus(datasetId: number, status: TaskFileStatus): readonly number[] {
    return this.selectOfStatus.all(datasetId, FILE_STATUSES.indexOf(status)).map(([id]) => id);
  }

  hasFile(datasetId: number, lfn: string, events?: readonly [start: number, end: number]): boolean {
    const found =
      events === undefined
        ? this.selectNamed.get(datasetId, lfn)
        : this.selectNamedPart.get(datasetId, lfn, events[0], events[1]);
    return found !== undefined;
  }
}
