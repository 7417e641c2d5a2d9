import type { StatementSync } from 'node:sqlite';
import type { JobEnd, JobFile, JobFilesAdded, JobsCreated, NewJob } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import { isFinalJob, JOB_STATUSES, type TaskFileStatus } from '#contracts/panda/statuses.js';
import { timeText } from '#contracts/panda/times.js';
import type { Ranges } from '#contracts/work-events.js';
import type { UnitKey } from '../../engine/unit.js';
import type { UnitReader } from '../../engine/unit-row.js';
import { keyOf } from '../../workload/member-key.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { classOf, isOfSameClass, JobCountWriter, memoryOf } from '../count/job-counts.js';
import { ended, started, taken } from '../file/file.js';
import { FILE_STATUSES } from '../file/file-words.js';
import type { FileWriter } from '../file/file-writer.js';
import type { Sequences } from '../sequences.js';
import { endedFiles, endOf, evolveJob, isOutput, type JobEvent } from './job.js';
import { attributeOf, filesIn, JobRows, type RecentJobs, recentJobs, type StoredJob, takesIn } from './job-rows.js';
import { ordinalsOf } from './ordinals.js';

/** Jobs written between two yields: some milliseconds of work with their files. */
const JOBS_PER_YIELD = 40;

/** A token of `specialHandling` (contract 3.4.1). */
const DEBUG = 'debug';

/** What the jobs of an event change of what is kept of users. */
interface UserChange {
  readonly user: string;
  readonly definition: number;
  activeBy: number;
}

/** Writes jobs and what they do to files of their task. */
export class JobWriter {
  private readonly recent: RecentJobs;
  private readonly rows: JobRows;
  private readonly counts: JobCountWriter;
  private readonly insertCommon: StatementSync;
  private readonly insert: StatementSync;
  private readonly update: StatementSync;
  private readonly updatePlain: StatementSync;
  private readonly updateEnded: StatementSync;
  private readonly updateFiles: StatementSync;
  private readonly setNextOrdinal: StatementSync;
  private readonly countOfUser: StatementSync;
  private readonly users = new Map<string, UserChange>();

  constructor(
    reader: UnitReader,
    private readonly files: FileWriter,
    private readonly sequences: Sequences,
  ) {
    const { database } = reader;
    this.recent = recentJobs(database);
    this.rows = new JobRows(reader, this.recent);
    this.counts = new JobCountWriter(database);
    this.insertCommon = database.prepare('INSERT INTO panda_job_common (attributes) VALUES (?) RETURNING id');
    this.insert = database.prepare(
      `INSERT OR REPLACE INTO panda_job (key, panda_id, kind, status, common, class, jobset, debug, changed, modified, own, files, takes)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.update = database.prepare(
      'UPDATE panda_job SET status = ?, reported = ?, report = ?, class = ?, debug = ?, changed = ?, modified = ?, own = ? WHERE key = ?',
    );
    // SQLite updates the indexes of all columns that a statement names: most heartbeats change none but the time.
    this.updatePlain = database.prepare('UPDATE panda_job SET modified = ?, own = ? WHERE key = ?');
    this.updateEnded = database.prepare(
      `UPDATE panda_job SET status = ?, reported = ?, report = ?, class = ?, debug = ?, changed = ?, modified = ?, own = ?, files = ?,
         measure = ? WHERE key = ?`,
    );
    this.updateFiles = database.prepare('UPDATE panda_job SET files = ?, takes = ? WHERE key = ?');
    this.setNextOrdinal = database.prepare(
      `INSERT INTO panda_home (workload, next_ordinal) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET next_ordinal = max(next_ordinal, excluded.next_ordinal)`,
    );
    this.countOfUser = database.prepare(
      `INSERT INTO panda_job_user (user, definition, active) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET definition = max(definition, excluded.definition), active = active + excluded.active`,
    );
  }

  *created(
    workload: WorkloadId,
    taskId: number | undefined,
    data: JobsCreated,
    timeMicros: number,
  ): Generator<void, void, void> {
    const common: JobAttributes = {
      creationTime: timeText(timeMicros),
      ...(taskId !== undefined && { jediTaskID: taskId }),
      ...data.common,
      computingSite: data.site === '' ? null : data.site,
      prodSourceLabel: data.label,
      currentPriority: data.priority,
    };
    const commonId = Number(this.insertCommon.get(JSON.stringify(common))?.['id']);
    const ordinals = ordinalsOf(data.units);
    let done = 0;
    for (const job of data.jobs) {
      const { value: ordinal } = ordinals.next();
      if (ordinal === undefined) break;
      this.add(keyOf(workload, ordinal), taskId, { ...data, common }, commonId, job, timeMicros);
      if ((done += 1) % JOBS_PER_YIELD === 0) yield;
    }
    this.setNextOrdinal.run(workload, (data.units.at(-1)?.[1] ?? -1) + 1);
    this.flush();
  }

  filesAdded(workload: WorkloadId, { units, files, takes }: JobFilesAdded): void {
    const job = this.rows.stored(keyOf(workload, units[0]?.[0] ?? 0));
    if (job === undefined) return;
    this.recent.drop(job.key);
    this.updateFiles.run(
      JSON.stringify([...filesIn(job), ...files]),
      JSON.stringify([...takesIn(job), ...takes]),
      job.key,
    );
    this.addFiles(job.pandaId, files, takes);
    this.flush();
  }

  changed(
    workload: WorkloadId,
    units: Ranges,
    event: JobEvent,
    timeMicros: number,
  ): void | Generator<void, void, void> {
    const [range] = units;
    if (units.length > 1 || range === undefined || range[0] !== range[1])
      return this.changeEach(workload, units, event, timeMicros);
    this.change(keyOf(workload, range[0]), event, timeMicros);
    this.flush();
  }

  /** Writes the numbers of jobs, which are kept until the end of the transaction. */
  flushCounts(): void {
    this.counts.flush();
  }

  forget(): void {
    this.recent.forget();
    this.counts.forget();
    this.users.clear();
  }

  private *changeEach(
    workload: WorkloadId,
    units: Ranges,
    event: JobEvent,
    timeMicros: number,
  ): Generator<void, void, void> {
    let done = 0;
    for (const ordinal of ordinalsOf(units)) {
      this.change(keyOf(workload, ordinal), event, timeMicros);
      if ((done += 1) % JOBS_PER_YIELD === 0) yield;
    }
    this.flush();
  }

  private add(
    key: UnitKey,
    taskId: number | undefined,
    { common, kind, status }: JobsCreated,
    commonId: number,
    { panda_id: pandaId, set: own, files, takes }: NewJob,
    timeMicros: number,
  ): void {
    const classId = this.counts.idOf(classOf({ own, common }));
    const jobset = attributeOf({ own, common }, 'jobsetID') ?? null;
    this.recent.drop(key);
    this.insert.run(
      ...[key, pandaId, kind, JOB_STATUSES.indexOf(status), commonId, classId, jobset === taskId ? null : jobset],
      ...[debugOf({ own, common, status }), timeMicros, timeMicros],
      ...[JSON.stringify(own), JSON.stringify(files), JSON.stringify(takes)],
    );
    this.counts.count({ classId, status, changedMicros: timeMicros }, 1, memoryOf({ own, common, status }));
    this.sequences.raise('job', pandaId);
    this.countOf({ own, common }, +!isFinalJob(status));
    this.addFiles(pandaId, files, takes);
  }

  private addFiles(pandaId: number, files: readonly JobFile[], takes: readonly number[]): void {
    for (const file of files) {
      this.sequences.raise('row', file.row_ID);
      if (!isOutput(file) || file.fileID === undefined || file.datasetID === undefined) continue;
      this.sequences.raise('file', file.fileID);
      this.files.addOutput({
        ...{ id: file.fileID, datasetId: file.datasetID, type: file.type === 'log' ? 'log' : 'output' },
        ...{ lfn: file.lfn, scope: file.scope ?? null, pandaId },
      });
    }
    for (const id of takes) this.files.change(id, (file) => taken(file, pandaId));
  }

  private change(key: UnitKey, event: JobEvent, timeMicros: number): void {
    const before = this.rows.stored(key);
    if (before === undefined) return;
    const evolved: StoredJob = { ...before, ...evolveJob(before, event, timeMicros) };
    const classId = isOfSameClass(before, evolved) ? before.classId : this.counts.idOf(classOf(evolved));
    const after: StoredJob = { ...evolved, classId };
    const end = endOf(event);
    const files = end && endedFiles(filesIn(before), after.status, end);
    this.store(before, after, files);
    if (after.status !== before.status || after.classId !== before.classId) {
      this.counts.count(before, -1, memoryOf(before));
      this.counts.count(after, 1, memoryOf(after));
    }
    const activeBy = +!isFinalJob(after.status) - +!isFinalJob(before.status);
    if (activeBy !== 0) this.countOf(before, activeBy);
    if (end !== undefined) this.end(after, files ?? [], end);
    else if (event.type === 'UnitStarted') this.start(after);
  }

  /** @param files of a job that has ended */
  private store(before: StoredJob, after: StoredJob, files: readonly JobFile[] | undefined): void {
    const { key, status, reported, report, classId, changedMicros, modifiedMicros } = after;
    const debug = debugOf(after);
    const own = JSON.stringify(after.own);
    const changes = [
      ...([JOB_STATUSES.indexOf(status), reported, report] as const),
      ...([classId, debug, changedMicros, modifiedMicros, own] as const),
    ];
    const isAlike =
      status === before.status &&
      reported === before.reported &&
      report === before.report &&
      classId === before.classId &&
      debug === debugOf(before);
    const filesText = files === undefined ? after.filesText : JSON.stringify(files);
    this.recent.remember({ ...after, filesText }, own);
    if (files !== undefined) this.updateEnded.run(...changes, filesText, after.measure, key);
    else if (isAlike) this.updatePlain.run(modifiedMicros, own, key);
    else this.update.run(...changes, key);
  }

  /** The owner of a job has so many active jobs more. */
  private countOf(job: Pick<StoredJob, 'own' | 'common'>, activeBy: number): void {
    const user = attributeOf(job, 'prodUserName');
    if (typeof user !== 'string') return;
    const definition = attributeOf(job, 'jobDefinitionID') ?? 0;
    const name = `${definition} ${user}`;
    const known = this.users.get(name);
    if (known === undefined) this.users.set(name, { user, definition, activeBy });
    else known.activeBy += activeBy;
  }

  private start(job: StoredJob): void {
    const { pandaId } = job;
    const outputs = filesIn(job).filter(isOutput);
    for (const id of [...takesIn(job), ...outputs.flatMap(({ fileID }) => fileID ?? [])]) {
      this.files.change(id, (file) => started(file, pandaId));
    }
  }

  private end(job: StoredJob, files: readonly JobFile[], end: JobEnd): void {
    const { pandaId } = job;
    const except = new Map(end.except?.map(({ file_id, inputs }) => [file_id, inputs]));
    const owner = end.owner_id ?? pandaId;
    for (const id of takesIn(job)) this.files.change(id, (file) => ended(file, owner, except.get(id) ?? end.inputs));
    const told = new Map(end.files?.map((file) => [file.row_ID, file]));
    for (const file of files) {
      if (!isOutput(file) || file.fileID === undefined) continue;
      const { fsize, checksum, GUID: guid, n_events: nEvents } = told.get(file.row_ID) ?? {};
      this.files.outputEnded(file.fileID, { status: taskStatusOf(file.status), fsize, checksum, guid, nEvents });
    }
  }

  private flush(): void {
    this.files.flush();
    this.sequences.flush();
    for (const { user, definition, activeBy } of this.users.values()) this.countOfUser.run(user, definition, activeBy);
    this.users.clear();
  }
}

const debugOf = (job: Pick<StoredJob, 'own' | 'common' | 'status'>): number | null =>
  !isFinalJob(job.status) && (attributeOf(job, 'specialHandling') ?? '').split(',').includes(DEBUG) ? 1 : null;

/** A job may have words for its files that files of tasks do not have: these are as good as failed. */
const taskStatusOf = (status: string): TaskFileStatus => FILE_STATUSES.find((word) => word === status) ?? 'failed';
