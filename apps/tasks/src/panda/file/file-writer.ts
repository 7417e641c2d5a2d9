import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type {
  DatasetsAdded,
  DatasetsMoved,
  FilesAdded,
  FilesAmended,
  FilesReopened,
  NewFile,
  PseudoFiles,
} from '#contracts/panda/events.js';
import type { TaskFileStatus } from '#contracts/panda/statuses.js';
import type { Ranges } from '#contracts/work-events.js';
import { ordinalsOf } from '../job/ordinals.js';
import type { TaskFile } from '../view.js';
import { amended, countsOf, type FileCounts, type FileState, reopened } from './file.js';
import { FILE_COLUMNS, FileRows, type StoredFileState } from './file-rows.js';
import { DATASET_TYPES, FILE_STATUSES, isInputType, PROC_STATUSES } from './file-words.js';
import { DatasetRows } from './dataset-rows.js';

/** Files written between two yields. */
const FILES_PER_YIELD = 100;

const NO_COUNTS: FileCounts = { used: 0, running: 0, finished: 0, failed: 0, missing: 0, eventsUsed: 0 };

type Counts = { -readonly [Name in keyof FileCounts]: number } & { files: number; events: number };

/** An output file or a log as it is added with its job. */
export interface OutputFile {
  readonly id: number;
  readonly datasetId: number;
  readonly type: 'output' | 'log';
  readonly lfn: string;
  readonly scope: string | null;
  readonly pandaId: number;
}

/** What is learnt of an output file or a log when its job ends. */
export interface OutputFacts {
  readonly status: TaskFileStatus;
  readonly fsize?: number | undefined;
  readonly checksum?: string | undefined;
  readonly guid?: string | undefined;
  readonly nEvents?: number | undefined;
}

/**
 * Writes datasets and files. Counters of datasets follow from what changes in files; they are written once for each event, by {@link flush}.
 */
export class FileWriter {
  private readonly rows: FileRows;
  private readonly datasets: DatasetRows;
  private readonly changes = new Map<number, Counts>();
  private readonly insertDataset: StatementSync;
  private readonly moveDataset: StatementSync;
  private readonly count: StatementSync;
  private readonly insertFile: StatementSync;
  private readonly insertOutput: StatementSync;
  private readonly updateFile: StatementSync;
  private readonly moveFile: StatementSync;
  private readonly updatePlain: StatementSync;
  private readonly updateFacts: StatementSync;

  constructor(database: DatabaseSync) {
    this.rows = new FileRows(database);
    this.datasets = new DatasetRows(database);
    this.insertDataset = database.prepare(
      `INSERT OR REPLACE INTO panda_dataset (id, task, name, container, type, status, state, master, provenance, attributes, stream_name,
         storage_token, destination, template, site, files, to_be_used, used, running, finished, failed, missing, events, events_used)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0)`,
    );
    this.moveDataset = database.prepare(
      `UPDATE panda_dataset SET status = coalesce(?, status), to_be_used = coalesce(?, to_be_used), state = coalesce(?, state)
       WHERE id = ?`,
    );
    this.count = database.prepare(
      `UPDATE panda_dataset SET files = files + ?, used = used + ?, running = running + ?, finished = finished + ?, failed = failed + ?,
         missing = missing + ?, events = events + ?, events_used = events_used + ? WHERE id = ?`,
    );
    this.insertFile = database.prepare(
      `INSERT OR REPLACE INTO panda_file (${FILE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    // Outputs are as many as jobs: what all of them begin with is not bound.
    const defined = [FILE_STATUSES.indexOf('defined'), PROC_STATUSES.indexOf('ready')].join(', ');
    this.insertOutput = database.prepare(
      `INSERT OR REPLACE INTO panda_file (${FILE_COLUMNS})
       VALUES (?, ?, ?, ?, NULL, ?, 0, NULL, ${defined}, 0, 0, 0, NULL, ?, 0, NULL, NULL, NULL, NULL)`,
    );
    this.moveFile = database.prepare('UPDATE panda_file SET status = ?, proc = ?, panda_id = ?, ram = ? WHERE id = ?');
    this.updateFile = database.prepare(
      `UPDATE panda_file SET status = ?, proc = ?, attempt = ?, max_attempt = ?, failed = ?, max_failure = ?, panda_id = ?, ram = ?
       WHERE id = ?`,
    );
    // SQLite updates the indexes of all columns that a statement names.
    this.updatePlain = database.prepare('UPDATE panda_file SET proc = ?, panda_id = ?, ram = ? WHERE id = ?');
    this.updateFacts = database.prepare(
      `UPDATE panda_file SET status = ?, proc = ?, fsize = coalesce(?, fsize), checksum = coalesce(?, checksum), guid = coalesce(?, guid),
         n_events = coalesce(?, n_events) WHERE id = ?`,
    );
  }

  datasetsAdded(taskId: number, { datasets }: DatasetsAdded): void {
    for (const dataset of datasets) {
      this.insertDataset.run(
        ...[dataset.dataset_id, taskId, dataset.name, dataset.container ?? null, DATASET_TYPES.indexOf(dataset.type)],
        ...[dataset.status, dataset.state ?? 'open', dataset.master_id ?? null, dataset.provenance_id ?? null],
        ...[dataset.attributes ?? '', dataset.stream_name ?? null, dataset.storage_token ?? null],
        ...[dataset.destination ?? null, dataset.template_id ?? null, dataset.site ?? null],
      );
    }
  }

  datasetsMoved({ datasets, status, files_to_be_used: toBeUsed, state }: DatasetsMoved): void {
    for (const id of datasets) this.moveDataset.run(status ?? null, toBeUsed ?? null, state ?? null, id);
  }

  *filesAdded(data: FilesAdded): Generator<void, void, void> {
    const type = this.datasets.dataset(data.dataset_id)?.type ?? 'input';
    let id = data.first_file_id;
    for (const file of newFiles(data)) {
      this.insert({
        ...{ id, datasetId: data.dataset_id, type, isInput: isInputType(type), lfn: file.lfn },
        ...{ guid: file.guid ?? null, scope: file.scope ?? null, fsize: file.fsize ?? 0 },
        ...{ checksum: file.checksum ?? null, status: data.status, procStatus: 'ready' },
        ...{ attemptNr: 0, maxAttempt: data.max_attempt, failedAttempt: 0, maxFailure: data.max_failure ?? null },
        ...{ nEvents: file.n_events ?? null, startEvent: file.start_event ?? null, endEvent: file.end_event ?? null },
        ...{ firstEvent: file.first_event ?? null, pandaId: null, ramCount: 0 },
      });
      id += 1;
      if ((id - data.first_file_id) % FILES_PER_YIELD === 0) yield;
    }
    this.flush();
  }

  filesReopened({ files, ...change }: FilesReopened): Generator<void, void, void> {
    return this.changeAll(files, (file) => reopened(file, change));
  }

  filesAmended({ files, ...change }: FilesAmended): Generator<void, void, void> {
    return this.changeAll(files, (file) => amended(file, change));
  }

  /** An output file or a log comes with the job that will make it. */
  addOutput({ id, datasetId, type, lfn, scope, pandaId }: OutputFile): void {
    this.insertOutput.run(id, datasetId, DATASET_TYPES.indexOf(type), lfn, scope, pandaId);
    this.changesOf(datasetId).files += 1;
  }

  change(id: number, evolve: (file: StoredFileState) => FileState): void {
    const before = this.rows.state(id);
    if (before === undefined) return;
    const after = evolve(before);
    if (after === before) return;
    const proc = PROC_STATUSES.indexOf(after.procStatus);
    if (isIndexedAlike(before, after)) {
      this.updatePlain.run(proc, after.pandaId, after.ramCount, id);
    } else if (isTriedAlike(before, after)) {
      this.moveFile.run(FILE_STATUSES.indexOf(after.status), proc, after.pandaId, after.ramCount, id);
    } else {
      this.updateFile.run(
        ...[FILE_STATUSES.indexOf(after.status), proc, after.attemptNr, after.maxAttempt, after.failedAttempt],
        ...[after.maxFailure, after.pandaId, after.ramCount, id],
      );
    }
    this.recount(before.datasetId, countsOf(before), countsOf(after));
  }

  outputEnded(id: number, { status, fsize, checksum, guid, nEvents }: OutputFacts): void {
    const before = this.rows.state(id);
    if (before === undefined) return;
    const procStatus = status === 'finished' ? 'finished' : 'failed';
    this.updateFacts.run(
      ...[FILE_STATUSES.indexOf(status), PROC_STATUSES.indexOf(procStatus)],
      ...[fsize ?? null, checksum ?? null, guid ?? null, nEvents ?? null, id],
    );
    const events = nEvents === undefined ? 0 : nEvents - (before.nEvents ?? 0);
    this.recount(before.datasetId, countsOf(before), countsOf({ ...before, status, procStatus }), events);
  }

  /** Writes the counters of datasets whose files have changed. */
  flush(): void {
    for (const [id, by] of this.changes) {
      this.count.run(
        ...[by.files, by.used, by.running, by.finished, by.failed, by.missing, by.events, by.eventsUsed, id],
      );
    }
    this.changes.clear();
  }

  forget(): void {
    this.changes.clear();
  }

  private *changeAll(files: Ranges, evolve: (file: StoredFileState) => FileState): Generator<void, void, void> {
    let done = 0;
    for (const id of ordinalsOf(files)) {
      this.change(id, evolve);
      if ((done += 1) % FILES_PER_YIELD === 0) yield;
    }
    this.flush();
  }

  private insert(file: TaskFile & FileState): void {
    this.insertFile.run(
      ...[file.id, file.datasetId, DATASET_TYPES.indexOf(file.type), file.lfn, file.guid, file.scope, file.fsize],
      ...[file.checksum, FILE_STATUSES.indexOf(file.status), PROC_STATUSES.indexOf(file.procStatus), file.attemptNr],
      ...[file.maxAttempt, file.failedAttempt, file.maxFailure, file.pandaId, file.ramCount, file.nEvents],
      ...[file.startEvent, file.endEvent, file.firstEvent],
    );
    const counts = this.recount(file.datasetId, NO_COUNTS, countsOf(file), file.nEvents ?? 0);
    counts.files += 1;
  }

  private recount(datasetId: number, before: FileCounts, after: FileCounts, events = 0): Counts {
    const counts = this.changesOf(datasetId);
    counts.used += after.used - before.used;
    counts.running += after.running - before.running;
    counts.finished += after.finished - before.finished;
    counts.failed += after.failed - before.failed;
    counts.missing += after.missing - before.missing;
    counts.eventsUsed += after.eventsUsed - before.eventsUsed;
    counts.events += events;
    return counts;
  }

  /** What is to be added to the counters of a dataset. */
  private changesOf(datasetId: number): Counts {
    let counts = this.changes.get(datasetId);
    if (counts === undefined) this.changes.set(datasetId, (counts = { ...NO_COUNTS, files: 0, events: 0 }));
    return counts;
  }
}

const isIndexedAlike = (one: FileState, other: FileState): boolean =>
  one.status === other.status && isTriedAlike(one, other);

const isTriedAlike = (one: FileState, other: FileState): boolean =>
  one.attemptNr === other.attemptNr &&
  one.maxAttempt === other.maxAttempt &&
  one.failedAttempt === other.failedAttempt &&
  one.maxFailure === other.maxFailure;

function* newFiles({ files, pseudo }: FilesAdded): Generator<NewFile, void, void> {
  yield* files ?? [];
  for (let at = 0; pseudo !== undefined && at < pseudo.count; at += 1) yield pseudoFile(pseudo, at);
}

const pseudoFile = ({ lfn, events_per_file: each, events }: PseudoFiles, at: number): NewFile => {
  if (each === undefined) return { lfn };
  const start = at * each;
  const end = Math.min(start + each, events ?? Infinity) - 1;
  return { lfn, start_event: start, end_event: end, n_events: end - start + 1 };
};
