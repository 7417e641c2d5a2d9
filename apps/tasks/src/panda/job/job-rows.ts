import type { SQLOutputValue } from 'node:sqlite';
import { RecentMap } from '#platform/recent-map.js';
import type { PolledJob } from '#contracts/panda/job-states.js';
import type { JobFile, JobKind, ReportedEnd } from '#contracts/panda/events.js';
import type { JobAttribute, JobAttributes, JobValues } from '#contracts/panda/job-attributes.js';
import { JOB_STATUSES, type JobStatus } from '#contracts/panda/statuses.js';
import { timeText } from '#contracts/panda/times.js';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import { contentVersion } from '#event-sourcing/content-version.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { writeUnitCounts } from '../../engine/counts.js';
import type { UnitKey } from '../../engine/unit.js';
import type { StatusId } from '../../engine/statuses.js';
import type { UnitReader } from '../../engine/unit-row.js';
import type { WordId } from '../../engine/words.js';
import { keyOf, lastKeyOf, ordinalOfKey, workloadOfKey } from '../../workload/member-key.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { PANDA, taskIdOf, workStream } from '../streams.js';
import type { Home, Job, JobState, JobView, UnmodifiedJob } from '../view.js';
import { DEFAULT_JOB } from './job-attributes.js';
import type { JobRecord } from './job.js';

/**
 * A job is one row, by the key of its unit; its PandaID is the unit's id. `common` names the attributes that it was made with together with others;
 * `own` are all others. `reported` and `report` are set while the job waits for the adder, `measure` when it has failed. `jobset` is null where it is the job's task, as that of most jobs is; `debug` is set while an active job is in debug mode.
 * Of users the greatest `jobDefinitionID` of their jobs is kept, and how many of them are active.
 */
export const JOB_TABLES = `
CREATE TABLE IF NOT EXISTS panda_job (
  key INTEGER PRIMARY KEY,
  panda_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  status INTEGER NOT NULL,
  reported TEXT,
  report TEXT,
  common INTEGER NOT NULL,
  class INTEGER NOT NULL,
  jobset ANY,
  debug INTEGER,
  changed INTEGER NOT NULL,
  modified INTEGER NOT NULL,
  own TEXT NOT NULL,
  files TEXT NOT NULL,
  takes TEXT NOT NULL,
  measure TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS panda_job_common (id INTEGER PRIMARY KEY, attributes TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS panda_home (workload INTEGER PRIMARY KEY, next_ordinal INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS panda_job_user (
  user TEXT PRIMARY KEY, definition ANY NOT NULL, active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;`;

const code = (status: JobStatus): number => JOB_STATUSES.indexOf(status);

/** Statuses in which a pilot has the job, so that its silence matters. */
const WATCHED = `status BETWEEN ${code('sent')} AND ${code('merging')}`;

export const JOB_INDEXES = `
CREATE INDEX IF NOT EXISTS panda_job_reported ON panda_job (changed) WHERE reported IS NOT NULL;
CREATE INDEX IF NOT EXISTS panda_job_watched ON panda_job (status, modified, panda_id) WHERE ${WATCHED};
CREATE INDEX IF NOT EXISTS panda_job_sent ON panda_job (class, modified) WHERE status = ${code('sent')};
CREATE INDEX IF NOT EXISTS panda_job_debugged ON panda_job (key) WHERE debug IS NOT NULL;
CREATE INDEX IF NOT EXISTS panda_job_of_jobset ON panda_job (jobset) WHERE jobset IS NOT NULL;`;

/** Attributes that jobs were made with together: parsed once for many of them. */
const COMMON_MAX = 1_000;

/** Bound of {@link RecentJobs}, in characters: some 4,000 usual jobs, what pilots that take a hundred at a time have just got. Some 24 MB at most. */
const RECENT_CHARACTERS = 12_000_000;
/** Characters of a job with its files up to which it is kept. */
const RECENT_CHARACTERS_MAX = 12_000;
/** What a job counts for besides its texts: its attributes are kept as an object, too. */
const RECENT_CHARACTERS_EACH = 2_000;

/** Keys of jobs by their PandaIDs, which never change. */
const KEYS_MAX = 20_000;

/** SQLite's word for all. */
const NO_LIMIT = -1;

/** No workload has this id. */
const NO_WORKLOAD: WorkloadId = 0;

type JobStatesOptions = Parameters<JobView['jobStates']>[1];

const COLUMNS =
  'key, panda_id, kind, status, reported, report, common, class, changed, modified, own, files, takes, measure';

type JobRow = readonly [
  ...[
    key: UnitKey,
    pandaId: number,
    kind: JobKind,
    status: number,
    reported: ReportedEnd | null,
    report: string | null,
  ],
  ...[common: number, classId: number, changed: number, modified: number, own: string, files: string, takes: string],
  measure: string | null,
];

type ReportedRow = readonly [key: UnitKey, pandaId: number, kind: JobKind, status: number];
type StateRow = readonly [key: UnitKey, id: string, name: WordId, status: StatusId];
type UserRow = readonly [definition: SQLOutputValue, active: number];
type KeyRow = readonly [key: UnitKey];
type CountRow = readonly [count: number | null];

/** A job as its row has it. */
export interface StoredJob extends JobRecord {
  readonly key: UnitKey;
  readonly pandaId: number;
  readonly kind: JobKind;
  readonly common: JobAttributes;
  /** See `JobCounts`. */
  readonly classId: number;
  /** Raw JSON: most events do not look at files. */
  readonly filesText: string;
  readonly takesText: string;
}

export const filesIn = ({ filesText }: Pick<StoredJob, 'filesText'>): readonly JobFile[] =>
  JSON.parse(filesText) as JobFile[];

export const takesIn = ({ takesText }: Pick<StoredJob, 'takesText'>): readonly number[] =>
  JSON.parse(takesText) as number[];

/** All attributes of a job. */
export const valuesOf = (
  job: Pick<StoredJob, 'common' | 'own' | 'pandaId' | 'status' | 'changedMicros' | 'modifiedMicros'>,
): JobValues => ({
  ...DEFAULT_JOB,
  ...job.common,
  ...job.own,
  PandaID: job.pandaId,
  jobStatus: job.status,
  stateChangeTime: timeText(job.changedMicros),
  modificationTime: timeText(job.modifiedMicros),
});

/** One attribute of a job; undefined when no event has named it. */
export const attributeOf = <Name extends JobAttribute>(
  { own, common }: Pick<StoredJob, 'own' | 'common'>,
  name: Name,
): JobValues[Name] | undefined => (own[name] === undefined ? common[name] : own[name]);

interface RecentJob {
  readonly job: StoredJob;
  readonly characters: number;
}

/**
 * Jobs that were read or changed last on the writing connection: a decision reads a job just before its event changes it, and a pilot reports again. All
 * who read there share it, because it is to be forgotten when a transaction is rolled back.
 */
export class RecentJobs {
  /** Attributes that jobs were made with together, by their id. */
  readonly commons = new Map<number, JobAttributes>();
  private readonly keys = new RecentMap<UnitKey, number>(KEYS_MAX);
  private readonly jobs = new RecentMap<RecentJob, UnitKey>(RECENT_CHARACTERS, ({ characters }) => characters);

  get(key: UnitKey): StoredJob | undefined {
    return this.jobs.get(key)?.job;
  }

  keyOf(pandaId: number): UnitKey | undefined {
    return this.keys.get(pandaId);
  }

  /**
   * The job as its row is now.
   *
   * @param ownText of its own attributes, such as its command line
   */
  remember(job: StoredJob, ownText: string): void {
    this.jobs.delete(job.key);
    const { filesText, takesText, report, measure } = job;
    const characters = [ownText, filesText, takesText, report, measure].reduce(
      (sum, text) => sum + (text?.length ?? 0),
      0,
    );
    if (characters > RECENT_CHARACTERS_MAX) return;
    this.jobs.set(job.key, { job, characters: RECENT_CHARACTERS_EACH + characters });
    this.rememberKey(job.pandaId, job.key);
  }

  rememberKey(pandaId: number, key: UnitKey): void {
    this.keys.set(pandaId, key);
  }

  /** Its row is changed. */
  drop(key: UnitKey): void {
    this.jobs.delete(key);
  }

  forget(): void {
    this.jobs.clear();
    this.keys.clear();
    this.commons.clear();
  }
}

/** Those of a connection that writes. */
export const recentJobs = perConnection(() => new RecentJobs());

/** Jobs on one connection. */
export class JobRows {
  private readonly commons: Map<number, JobAttributes>;
  private commonsVersion = 0;
  private readonly selectByKey: ArrayStatement<JobRow>;
  private readonly selectBehind: ArrayStatement<JobRow>;
  private readonly selectCommon: ArrayStatement<readonly [attributes: string]>;
  private readonly selectNextOrdinal: ArrayStatement<readonly [ordinal: number]>;
  private readonly selectState: ArrayStatement<StateRow>;
  private readonly selectStateAt: ArrayStatement<StateRow>;
  private readonly selectStates: ArrayStatement<StateRow>;
  private readonly selectStatesOf: ArrayStatement<StateRow>;
  private readonly selectOfJobset: ArrayStatement<KeyRow>;
  private readonly selectWithoutJobset: ArrayStatement<KeyRow>;
  private readonly selectReported: ArrayStatement<ReportedRow>;
  private readonly selectUnmodified: ArrayStatement<readonly [pandaId: number, modified: number]>;
  private readonly selectSent: ArrayStatement<CountRow>;
  private readonly selectDebugged: ArrayStatement<KeyRow>;
  private readonly selectUser: ArrayStatement<UserRow>;
  private readonly selectCount: ArrayStatement<CountRow>;

  /** @param recent of the writing connection only: what others read may be changed by it at any time */
  constructor(
    private readonly reader: UnitReader,
    private readonly recent?: RecentJobs,
  ) {
    this.commons = recent?.commons ?? new Map<number, JobAttributes>();
    const prepare = <Values extends Row>(sql: string) => arrayStatement<Values>(reader.database, sql);
    this.selectByKey = prepare(`SELECT ${COLUMNS} FROM panda_job WHERE key = ?`);
    this.selectBehind = prepare(`SELECT ${COLUMNS} FROM panda_job WHERE key > ? AND key <= ? ORDER BY key LIMIT ?`);
    this.selectCommon = prepare('SELECT attributes FROM panda_job_common WHERE id = ?');
    this.selectNextOrdinal = prepare('SELECT next_ordinal FROM panda_home WHERE workload = ?');
    const states = 'SELECT key, id, name, status FROM unit WHERE';
    this.selectState = prepare(`${states} dialect = ? AND id = ?`);
    this.selectStateAt = prepare(`${states} key = ?`);
    this.selectStates = prepare(`${states} key > ? AND key <= ? ORDER BY key LIMIT ?`);
    this.selectStatesOf = prepare(`${states} status = ? AND key > ? AND key <= ? ORDER BY key LIMIT ?`);
    this.selectOfJobset = prepare('SELECT key FROM panda_job WHERE jobset = ? ORDER BY panda_id');
    this.selectWithoutJobset = prepare(
      'SELECT key FROM panda_job WHERE key > ? AND key <= ? AND jobset IS NULL ORDER BY key',
    );
    this.selectReported = prepare(
      'SELECT key, panda_id, kind, status FROM panda_job WHERE reported IS NOT NULL ORDER BY changed LIMIT ?',
    );
    this.selectUnmodified = prepare(
      `SELECT panda_id, modified FROM panda_job WHERE ${WATCHED} AND status = ? AND modified < ? AND (modified, panda_id) > (?, ?)
       ORDER BY modified, panda_id LIMIT ?`,
    );
    this.selectSent = prepare(
      `SELECT count(*) FROM (SELECT 1 FROM panda_job_class AS c CROSS JOIN panda_job AS j ON j.class = c.id
         WHERE c.site = ? AND c.label IN ('managed', 'test') AND j.status = ${code('sent')} AND j.modified >= ? LIMIT ?)`,
    );
    this.selectDebugged = prepare('SELECT key FROM panda_job WHERE debug IS NOT NULL ORDER BY panda_id');
    this.selectUser = prepare('SELECT definition, active FROM panda_job_user WHERE user = ?');
    this.selectCount = prepare(
      'SELECT sum(n) FROM unit_count WHERE workload = ? AND status = ? AND name = coalesce(?, name)',
    );
  }

  keyOf(pandaId: number): UnitKey | undefined {
    const known = this.recent?.keyOf(pandaId);
    if (known !== undefined) return known;
    const key = this.reader.keyOf(PANDA, String(pandaId));
    if (key !== undefined) this.recent?.rememberKey(pandaId, key);
    return key;
  }

  job(pandaId: number): Job | undefined {
    const key = this.keyOf(pandaId);
    return key === undefined ? undefined : this.jobAt(key);
  }

  jobAt(key: UnitKey): Job | undefined {
    const stored = this.stored(key);
    return stored && this.jobOf(stored);
  }

  jobState(pandaId: number): JobState | undefined {
    const dialect = this.reader.words.dialect.find(PANDA);
    const row = dialect === undefined ? undefined : this.selectState.get(dialect, String(pandaId));
    return row && this.stateOf(row);
  }

  /** What pollers want to know of a job. */
  polled(pandaId: number): PolledJob | undefined {
    const key = this.keyOf(pandaId);
    const job = key === undefined ? undefined : this.stored(key);
    if (job === undefined) return undefined;
    const [command, attempt] = [attributeOf(job, 'commandToPilot') ?? null, attributeOf(job, 'attemptNr') ?? 0];
    return { status: job.status, command, attempt };
  }

  jobStates(
    { workload }: Pick<Home, 'workload'>,
    { statuses, after, limit = NO_LIMIT }: NonNullable<JobStatesOptions> = {},
  ): readonly JobState[] {
    const from = after === undefined ? keyOf(workload, 0) - 1 : this.keyOf(after);
    if (from === undefined) throw new Error(`No job ${after}`);
    const end = lastKeyOf(workload);
    if (statuses === undefined) return this.statesOf(this.selectStates.all(from, end, limit));
    const ids = statuses.flatMap((word) => this.reader.words.status.find(PANDA, word) ?? []);
    const found = ids.flatMap((status) => this.statesOf(this.selectStatesOf.all(status, from, end, limit)));
    if (ids.length <= 1) return found;
    found.sort((one, other) => one.key - other.key);
    return limit === NO_LIMIT ? found : found.slice(0, limit);
  }

  countOfJobs({ workload }: Pick<Home, 'workload'>, status: JobStatus, kind?: JobKind): number {
    const { words } = this.reader;
    const [statusId, name] = [words.status.find(PANDA, status), kind && words.name.find(kind)];
    if (statusId === undefined || (kind !== undefined && name === undefined)) return 0;
    writeUnitCounts(this.reader.database);
    return this.selectCount.get(workload, statusId, name ?? null)?.[0] ?? 0;
  }

  jobsOfJobset(jobsetId: number): readonly JobState[] {
    const keys = this.selectOfJobset.all(jobsetId);
    const task = this.reader.workloads.find(PANDA, String(jobsetId));
    if (task !== undefined) {
      keys.push(...this.selectWithoutJobset.all(keyOf(task, 0) - 1, lastKeyOf(task)));
    }
    return this.statesAt(keys);
  }

  nextJobDefinition(user: string): number {
    return Number(this.selectUser.get(user)?.[0] ?? 0) + 1;
  }

  countActiveOf(user: string): number {
    return this.selectUser.get(user)?.[1] ?? 0;
  }

  countRecentlySent(site: string, sinceMicros: number, limit: number): number {
    return this.selectSent.get(site, sinceMicros, limit)?.[0] ?? 0;
  }

  unmodifiedJobs(
    status: JobStatus,
    beforeMicros: number,
    { after, limit }: { readonly after?: UnmodifiedJob; readonly limit: number },
  ): readonly UnmodifiedJob[] {
    const from = after ?? { modifiedMicros: 0, pandaId: 0 };
    const rows = this.selectUnmodified.all(code(status), beforeMicros, from.modifiedMicros, from.pandaId, limit);
    return rows.map(([pandaId, modifiedMicros]) => ({ pandaId, modifiedMicros }));
  }

  jobsOfStatus(word: JobStatus, after: UnitKey | undefined, limit: number): readonly JobState[] {
    const status = this.reader.words.status.find(PANDA, word);
    if (status === undefined) return [];
    return this.statesOf(this.selectStatesOf.all(status, after ?? -1, Number.MAX_SAFE_INTEGER, limit));
  }

  reportedJobs(limit: number): readonly JobState[] {
    return this.selectReported.all(limit).map(([key, pandaId, kind, status]) => ({
      pandaId,
      key,
      ordinal: ordinalOfKey(key),
      kind,
      status: JOB_STATUSES[status] ?? 'pending',
    }));
  }

  debugJobs(of: { readonly user: string } | { readonly workingGroup: string }): readonly number[] {
    const jobs = this.selectDebugged.all().flatMap(([key]) => this.stored(key) ?? []);
    const found = jobs.filter((job) =>
      'user' in of
        ? attributeOf(job, 'prodUserName') === of.user
        : attributeOf(job, 'workingGroup') === of.workingGroup,
    );
    return found.map(({ pandaId }) => pandaId);
  }

  home(name: string): Home {
    const { workloads } = this.reader;
    const workload = workloads.find(PANDA, name) ?? NO_WORKLOAD;
    return this.homeOf(workload, name, workStream(name));
  }

  /** What the table has of a job. */
  stored(key: UnitKey): StoredJob | undefined {
    const known = this.recent?.get(key);
    if (known !== undefined) return known;
    const row = this.selectByKey.get(key);
    if (row === undefined) return undefined;
    const stored = this.storedOf(row);
    this.recent?.remember(stored, row[10]);
    return stored;
  }

  /** Jobs of a task in order of their ids, behind a key. */
  storedBehind(workload: WorkloadId, after: UnitKey | undefined, limit: number): readonly StoredJob[] {
    const from = after ?? keyOf(workload, 0) - 1;
    return this.selectBehind.all(from, lastKeyOf(workload), limit).map((row) => this.storedOf(row));
  }

  private storedOf(row: JobRow): StoredJob {
    return {
      key: row[0],
      pandaId: row[1],
      kind: row[2],
      status: JOB_STATUSES[row[3]] ?? 'pending',
      reported: row[4],
      report: row[5],
      common: this.commonOf(row[6]),
      classId: row[7],
      changedMicros: row[8],
      modifiedMicros: row[9],
      own: JSON.parse(row[10]) as JobAttributes,
      filesText: row[11],
      takesText: row[12],
      measure: row[13],
    };
  }

  private jobOf(stored: StoredJob): Job {
    const { workloads } = this.reader;
    const workload = workloadOfKey(stored.key);
    const home = this.homeOf(workload, workloads.nameOf(workload), workloads.workStreamOf(workload));
    return new LazyJob(stored, home);
  }

  private homeOf(workload: WorkloadId, name: string, stream: string): Home {
    return new LazyHome(workload, name, stream, this.selectNextOrdinal);
  }

  private commonOf(id: number): JobAttributes {
    const version = contentVersion(this.reader.database);
    if (version !== this.commonsVersion) this.commons.clear();
    this.commonsVersion = version;
    const known = this.commons.get(id);
    if (known !== undefined) return known;
    const common = JSON.parse(this.selectCommon.get(id)?.[0] ?? '') as JobAttributes;
    if (this.commons.size >= COMMON_MAX) this.commons.clear();
    this.commons.set(id, common);
    return common;
  }

  private statesAt(keys: readonly KeyRow[]): JobState[] {
    return this.statesOf(keys.flatMap(([key]) => this.selectStateAt.all(key)));
  }

  private statesOf(rows: readonly StateRow[]): JobState[] {
    return rows.map((row) => this.stateOf(row));
  }

  private stateOf([key, id, name, status]: StateRow): JobState {
    const { words } = this.reader;
    return {
      pandaId: Number(id),
      key,
      ordinal: ordinalOfKey(key),
      // Only the deciders of this service set names and statuses of jobs, and only to these words.
      kind: words.name.wordOf(name) as JobKind,
      status: words.status.wordOf(status) as JobStatus,
    };
  }
}

/** Only what creates jobs asks for the next ordinal. */
class LazyHome implements Home {
  constructor(
    readonly workload: WorkloadId,
    readonly name: string,
    readonly stream: string,
    private readonly selectNextOrdinal: ArrayStatement<readonly [ordinal: number]>,
  ) {}

  get nextOrdinal(): number {
    return this.selectNextOrdinal.get(this.workload)?.[0] ?? 0;
  }
}

/** Most claims and heartbeats look at few attributes and at no files. */
class LazyJob implements Job {
  readonly key: UnitKey;
  readonly pandaId: number;
  readonly kind: JobKind;
  readonly status: JobStatus;
  readonly reported: ReportedEnd | undefined;
  readonly report: string | undefined;
  readonly measure: string | undefined;
  private knownAttributes: JobValues | undefined;
  private knownFiles: readonly JobFile[] | undefined;
  private knownTakes: readonly number[] | undefined;

  constructor(
    private readonly stored: StoredJob,
    readonly home: Home,
  ) {
    ({ key: this.key, pandaId: this.pandaId, kind: this.kind, status: this.status } = stored);
    this.reported = stored.reported ?? undefined;
    this.report = stored.report ?? undefined;
    this.measure = stored.measure ?? undefined;
  }

  get ordinal(): number {
    return ordinalOfKey(this.key);
  }

  get taskId(): number | null {
    return taskIdOf(this.home.name) ?? null;
  }

  get attributes(): JobValues {
    return (this.knownAttributes ??= valuesOf(this.stored));
  }

  get files(): readonly JobFile[] {
    return (this.knownFiles ??= filesIn(this.stored));
  }

  get takes(): readonly number[] {
    return (this.knownTakes ??= takesIn(this.stored));
  }
}
