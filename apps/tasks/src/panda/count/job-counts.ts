import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { FINAL_JOB_STATUSES, isFinalJob, JOB_STATUSES, type JobStatus } from '#contracts/panda/statuses.js';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import { attributeOf, type StoredJob } from '../job/job-rows.js';
import type { WeighedStatus } from '../view.js';
import { type Dimension, Tallies, TallyRows } from './tallies.js';

/**
 * Numbers of jobs by all that statistics ask for, and the memory that those which execute have asked for, in megabytes per core. `panda_ended` has for
 * each class and final status how many jobs had got it up to a second, so that those since then are the difference of two rows.
 */
export const COUNT_TABLES = `
CREATE TABLE IF NOT EXISTS panda_job_class (
  id INTEGER PRIMARY KEY,
  site TEXT NOT NULL,
  cloud TEXT NOT NULL,
  label TEXT NOT NULL,
  share TEXT NOT NULL,
  processing_type TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  UNIQUE (site, cloud, label, share, processing_type, resource_type)
) STRICT;
CREATE TABLE IF NOT EXISTS panda_job_count (
  class INTEGER NOT NULL,
  status INTEGER NOT NULL,
  n INTEGER NOT NULL,
  memory INTEGER NOT NULL,
  PRIMARY KEY (class, status)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS panda_ended (
  class INTEGER NOT NULL,
  status INTEGER NOT NULL,
  second INTEGER NOT NULL,
  total INTEGER NOT NULL,
  PRIMARY KEY (class, status, second)
) STRICT, WITHOUT ROWID;`;

/** What jobs are counted by, besides their status. Empty where a job has no value. */
export interface JobClass {
  readonly site: string;
  readonly cloud: string;
  readonly label: string;
  readonly share: string;
  readonly processingType: string;
  readonly resourceType: string;
}

export type JobClassId = number;

/** How many jobs of a class have a status. */
export interface JobCount {
  readonly jobClass: JobClass;
  readonly status: JobStatus;
  readonly n: number;
}

export const classOf = (job: Pick<StoredJob, 'own' | 'common'>): JobClass => ({
  site: attributeOf(job, 'computingSite') ?? '',
  cloud: attributeOf(job, 'cloud') ?? '',
  label: attributeOf(job, 'prodSourceLabel') ?? '',
  share: attributeOf(job, 'gshare') ?? '',
  processingType: attributeOf(job, 'processingType') ?? '',
  resourceType: attributeOf(job, 'resource_type') ?? '',
});

/** Whether two states of a job have the same attributes of a class. */
export const isOfSameClass = ({ own: one }: Pick<StoredJob, 'own'>, { own: other }: Pick<StoredJob, 'own'>): boolean =>
  one.computingSite === other.computingSite &&
  one.cloud === other.cloud &&
  one.prodSourceLabel === other.prodSourceLabel &&
  one.gshare === other.gshare &&
  one.processingType === other.processingType &&
  one.resource_type === other.resource_type;

const codeOf = (status: JobStatus): number => JOB_STATUSES.indexOf(status);

/** Codes from this one on are of final statuses. */
const FIRST_FINAL = codeOf(FINAL_JOB_STATUSES[0]);

export const JOB_CLASS_COLUMNS = ['site', 'cloud', 'label', 'share', 'processing_type', 'resource_type'];
const CLASS_COLUMNS = JOB_CLASS_COLUMNS.join(', ');

const MICROS_PER_SECOND = 1_000_000;

/** Changes that are kept before they are written. */
const CHANGES_MAX = 10_000;

/** Bound of each cache of classes. A full cache is cleared. */
const CACHE_MAX = 20_000;

type ClassValues = readonly [string, string, string, string, string, string];

const valuesOf = (job: JobClass): ClassValues => [
  ...([job.site, job.cloud, job.label] as const),
  ...([job.share, job.processingType, job.resourceType] as const),
];

const namedOf = ([site, cloud, label, share, processingType, resourceType]: ClassValues): JobClass => ({
  ...{ site, cloud, label, share, processingType, resourceType },
});

/** What is still to be written on a connection, before numbers are read there. */
const unwritten = new WeakMap<DatabaseSync, JobCountWriter>();

/** Numbers of jobs on one connection. */
export class JobCounts {
  private readonly classes = new Map<JobClassId, JobClass>();
  private readonly selectClass: ArrayStatement<ClassValues>;
  private readonly selectActive: ArrayStatement<CountRow>;
  private readonly selectEndedSince: ArrayStatement<CountRow>;
  private readonly tallies: TallyRows;
  private readonly selectSites: ArrayStatement<readonly [site: string]>;

  constructor(private readonly database: DatabaseSync) {
    const prepare = <Values extends Row>(sql: string) => arrayStatement<Values>(database, sql);
    this.selectClass = prepare(`SELECT ${CLASS_COLUMNS} FROM panda_job_class WHERE id = ?`);
    this.selectActive = prepare(`SELECT class, status, n FROM panda_job_count WHERE status < ${FIRST_FINAL} AND n > 0`);
    // Without `ended > 0`, for which SQLite would look for each total twice.
    this.selectEndedSince = prepare(
      `SELECT class, status, n - coalesce((SELECT total FROM panda_ended AS ended
         WHERE ended.class = counted.class AND ended.status = counted.status AND second <= ?1 ORDER BY second DESC LIMIT 1), 0) AS ended
       FROM panda_job_count AS counted WHERE status >= ${FIRST_FINAL}`,
    );
    this.tallies = new TallyRows(database);
    this.selectSites = prepare(
      `SELECT DISTINCT site FROM panda_job_class AS class JOIN panda_job_count AS counted ON counted.class = class.id
       WHERE counted.status = ? AND counted.n > 0 ORDER BY site`,
    );
  }

  /** Jobs that are not final. */
  active(): readonly JobCount[] {
    unwritten.get(this.database)?.flush();
    return this.selectActive.all().map((row) => this.countOf(row));
  }

  /** Jobs that became final after a time, in microseconds since the Unix epoch. */
  endedSince(micros: number): readonly JobCount[] {
    unwritten.get(this.database)?.flush();
    const second = Math.floor(micros / MICROS_PER_SECOND);
    const rows = this.selectEndedSince.all(second).filter(([, , ended]) => ended > 0);
    return rows.map((row) => this.countOf(row));
  }

  countAtSite(site: string, status: JobStatus): number {
    return this.tally('site', site, status);
  }

  /** Sites that have jobs of a status, in order. */
  sitesWith(status: JobStatus): readonly string[] {
    unwritten.get(this.database)?.flush();
    return this.selectSites.all(codeOf(status)).map(([site]) => site);
  }

  /** The memory that jobs of a site and a status have asked for: the sum of their megabytes per core. */
  memoryAtSite(site: string, status: WeighedStatus): number {
    return this.tally('memory', site, status);
  }

  countOfShare(share: string, statuses: readonly JobStatus[]): number {
    return statuses.reduce((sum, status) => sum + this.tally('share', share, status), 0);
  }

  jobClass(id: JobClassId): JobClass {
    const known = this.classes.get(id);
    if (known !== undefined) return known;
    const row = this.selectClass.get(id);
    if (row === undefined) throw new Error(`No class of jobs ${id}`);
    const found = namedOf(row);
    if (this.classes.size >= CACHE_MAX) this.classes.clear();
    this.classes.set(id, found);
    return found;
  }

  forget(): void {
    this.classes.clear();
  }

  private tally(dimension: Dimension, word: string, status: JobStatus): number {
    const writer = unwritten.get(this.database);
    const code = codeOf(status);
    return writer === undefined ? this.tallies.of(dimension, word, code) : writer.tally(dimension, word, code);
  }

  private countOf([id, status, n]: CountRow): JobCount {
    return { jobClass: this.jobClass(id), status: JOB_STATUSES[status] ?? 'pending', n };
  }
}

type CountRow = readonly [classId: JobClassId, status: number, n: number];

/** Statuses in which the memory of jobs is summed. */
const WEIGHED: ReadonlySet<JobStatus> = new Set<WeighedStatus>(['starting', 'running']);

/** Megabytes per core that one job counts for at most: whoever submits a job asks for what it likes, and sums must stay integers. */
const MEMORY_MAX = 2 ** 30;

/** Megabytes per core that a job has asked for, 0 where its status is of no account. */
export const memoryOf = (job: Pick<StoredJob, 'own' | 'common' | 'status'>): number => {
  if (!WEIGHED.has(job.status)) return 0;
  const perCore = (attributeOf(job, 'minRamCount') ?? 0) / Math.max(1, attributeOf(job, 'coreCount') ?? 1);
  return Math.min(Math.max(0, Math.round(perCore)), MEMORY_MAX);
};

/** Where jobs are counted. */
export interface Counted {
  readonly classId: JobClassId;
  readonly status: JobStatus;
  /** When it got the status. */
  readonly changedMicros: number;
}

type Change = Counted & { by: number; memory: number };

/** Changes numbers of jobs. What the events of a transaction change is written once: at its end, or when somebody asks for numbers. */
export class JobCountWriter {
  private readonly counts: JobCounts;
  private readonly ids = new Map<string, JobClassId>();
  private readonly changes = new Map<string, Change>();
  private readonly tallies: Tallies;
  private readonly selectId: StatementSync;
  private readonly insertClass: StatementSync;
  private readonly add: StatementSync;
  private readonly selectEnded: StatementSync;
  private readonly addToEnded: StatementSync;
  private readonly addToLater: StatementSync;

  constructor(database: DatabaseSync) {
    this.counts = new JobCounts(database);
    unwritten.set(database, this);
    this.tallies = new Tallies(database);
    this.selectId = database.prepare(
      `SELECT id FROM panda_job_class WHERE ${CLASS_COLUMNS.replaceAll(/\w+/gu, '$& = ?').replaceAll(',', ' AND')}`,
    );
    this.insertClass = database.prepare(
      `INSERT INTO panda_job_class (${CLASS_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
    );
    this.add = database.prepare(
      `INSERT INTO panda_job_count (class, status, n, memory) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET n = n + excluded.n, memory = memory + excluded.memory`,
    );
    this.selectEnded = database.prepare(
      'SELECT total FROM panda_ended WHERE class = ? AND status = ? AND second <= ? ORDER BY second DESC LIMIT 1',
    );
    this.addToEnded = database.prepare(
      'INSERT INTO panda_ended (class, status, second, total) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET total = excluded.total',
    );
    this.addToLater = database.prepare(
      'UPDATE panda_ended SET total = total + ? WHERE class = ? AND status = ? AND second > ?',
    );
  }

  /** The class of a job with these attributes; it is added when it is new. */
  idOf(job: JobClass): JobClassId {
    const values = valuesOf(job);
    const name = values.join('\n');
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const row = this.selectId.get(...values) ?? this.insertClass.get(...values);
    const id = Number(row?.['id']);
    if (this.ids.size >= CACHE_MAX) this.ids.clear();
    this.ids.set(name, id);
    return id;
  }

  /**
   * One job more, or less.
   *
   * @param memory of the job, see {@link memoryOf}
   */
  count({ classId, status, changedMicros }: Counted, by: 1 | -1, memory = 0): void {
    // The time is of no account where a job is not final.
    const second = isFinalJob(status) ? Math.floor(changedMicros / MICROS_PER_SECOND) : 0;
    const name = `${classId} ${status} ${second}`;
    const known = this.changes.get(name);
    if (known === undefined) this.changes.set(name, { classId, status, changedMicros, by, memory: by * memory });
    else {
      known.by += by;
      known.memory += by * memory;
    }
    this.tallies.add(this.counts.jobClass(classId), codeOf(status), by, by * memory);
    if (this.changes.size >= CHANGES_MAX) this.flush();
  }

  /** A sum over classes, with what is still to be written. */
  tally(dimension: Dimension, word: string, code: number): number {
    return this.tallies.of(dimension, word, code, () => this.flush());
  }

  /** Writes zeros, too: which rows there are does not depend on where transactions end. */
  flush(): void {
    for (const change of this.changes.values()) this.write(change);
    this.changes.clear();
  }

  forget(): void {
    this.ids.clear();
    this.changes.clear();
    this.tallies.forget();
    this.counts.forget();
  }

  private write({ classId, status, changedMicros, by, memory }: Change): void {
    const code = codeOf(status);
    this.add.run(classId, code, by, memory);
    if (code < FIRST_FINAL) return;
    const second = Math.floor(changedMicros / MICROS_PER_SECOND);
    const before = Number(this.selectEnded.get(classId, code, second)?.['total'] ?? 0);
    this.addToEnded.run(classId, code, second, before + by);
    this.addToLater.run(by, classId, code, second);
  }
}
