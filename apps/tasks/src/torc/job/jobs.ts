import type { StatementSync } from 'node:sqlite';
import { fullId } from '#contracts/torc/ids.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import type { StatusId } from '../../engine/statuses.js';
import { writeUnitCounts } from '../../engine/counts.js';
import type { UnitKey } from '../../engine/unit.js';
import { rowOf, type StoredUnit, UNIT_COLUMNS, type UnitReader } from '../../engine/unit-row.js';
import { keyOf, lastKeyOf, ordinalOfKey } from '../../workload/member-key.js';
import { GENERATED } from '../document/custom-keys.js';
import { TORC } from '../streams.js';
import type { Job, JobState, Workflow } from '../view.js';
import { UNIT_NAME } from './added-jobs.js';
import { JOB_COLUMNS, type JobRow, jobRowOf, type RecentJobs } from './job-rows.js';

/** Jobs read at a time. */
const CHUNK = 500;

const STATES_CHUNK = 2_000;

type StateValues = readonly [key: UnitKey, status: StatusId, openBlockers: number, cancels: number];

/** Where the columns of Torc's own begin in a joined row. */
const OWN_COLUMNS = 2 + UNIT_COLUMNS.length;

/** Units by key and id: the engine's store on the writing connection, its reader elsewhere. */
export interface UnitSource {
  byKey(key: UnitKey): StoredUnit | undefined;
  byId(dialect: typeof TORC, id: string): StoredUnit | undefined;
}

/** Reads the jobs of workflows on one connection. */
export class Jobs {
  private readonly selectOwn: ArrayStatement;
  private readonly selectAfter: ArrayStatement;
  private readonly selectOfStatus: ArrayStatement;
  private readonly selectCount: StatementSync;
  private readonly selectStates: ArrayStatement<StateValues>;
  private readonly selectState: ArrayStatement<StateValues>;
  private readonly selectDependents: ArrayStatement<StateValues>;

  /** @param recent of the writing connection only: what others read may be changed by it at any time */
  constructor(
    private readonly reader: UnitReader,
    private readonly units: UnitSource = reader,
    private readonly recent?: RecentJobs,
  ) {
    const { database } = reader;
    const own = JOB_COLUMNS.join(', ');
    const ownTables = 'torc_job CROSS JOIN torc_job_document USING (unit)';
    const joined = `SELECT key, id, ${[...UNIT_COLUMNS, ...JOB_COLUMNS].join(', ')}
      FROM unit CROSS JOIN torc_job ON torc_job.unit = key CROSS JOIN torc_job_document USING (unit)`;
    this.selectOwn = arrayStatement(database, `SELECT ${own} FROM ${ownTables} WHERE unit = ?`);
    this.selectAfter = arrayStatement(database, `${joined} WHERE key > ? AND key <= ? ORDER BY key LIMIT ?`);
    this.selectOfStatus = arrayStatement(
      database,
      `${joined} WHERE status = ? AND key > ? AND key <= ? ORDER BY key LIMIT ${CHUNK}`,
    );
    const state = 'SELECT key, status, open_deps, cancels FROM';
    const states = 'CROSS JOIN torc_job ON torc_job.unit = key';
    this.selectStates = arrayStatement(
      database,
      `${state} unit ${states} WHERE key > ? AND key <= ? ORDER BY key LIMIT ${STATES_CHUNK}`,
    );
    this.selectState = arrayStatement(database, `${state} unit ${states} WHERE key = ?`);
    this.selectDependents = arrayStatement(
      database,
      `${state} unit_edge CROSS JOIN unit ON key = dependent ${states} WHERE blocker = ? ORDER BY key`,
    );
    this.selectCount = database.prepare(
      'SELECT sum(n) AS n FROM unit_count WHERE workload = ? AND name = ? AND status = ?',
    );
  }

  /** @param key of the job, not its full id */
  job(workflow: Workflow, key: string): Job | undefined {
    const id = fullId('jobs', workflow.key, key);
    // A generated key is the ordinal: so a unit is found, or known from the last change, without the index of ids.
    const numbered = GENERATED.test(key) ? this.units.byKey(keyOf(workflow.workload, Number(key))) : undefined;
    return this.complete(numbered?.unit.id === id ? numbered : this.units.byId(TORC, id));
  }

  jobAt(workflow: Workflow, ordinal: number): Job | undefined {
    return this.complete(this.units.byKey(keyOf(workflow.workload, ordinal)));
  }

  /**
   * In order of creation.
   *
   * @param after leaves out the jobs up to this ordinal
   */
  *jobs({ workload }: Workflow, after = 0): Generator<Job, void, void> {
    yield* this.walk(keyOf(workload, after), (from) => this.selectAfter.all(from, lastKeyOf(workload), CHUNK));
  }

  /** At most `limit` jobs behind an ordinal, in order of creation. */
  after({ workload }: Workflow, ordinal: number, limit: number): Job[] {
    const rows = this.selectAfter.all(keyOf(workload, ordinal), lastKeyOf(workload), limit);
    return rows.map((values) => this.joined(values));
  }

  /** Of all jobs, in order of creation. */
  *states({ workload }: Workflow): Generator<JobState, void, void> {
    const last = lastKeyOf(workload);
    let after = keyOf(workload, 0);
    for (;;) {
      const rows = this.selectStates.all(after, last);
      for (const row of rows) yield this.stateOf(row);
      if (rows.length < STATES_CHUNK) return;
      after = rows.at(-1)?.[0] ?? last;
    }
  }

  stateAt({ workload }: Workflow, ordinal: number): JobState | undefined {
    const row = this.selectState.get(keyOf(workload, ordinal));
    return row === undefined ? undefined : this.stateOf(row);
  }

  /** Jobs that this one blocks, each once, in order of creation. */
  dependents({ workload }: Workflow, ordinal: number): readonly JobState[] {
    const rows = this.selectDependents.all(keyOf(workload, ordinal));
    return rows.map((row) => this.stateOf(row));
  }

  /** In order of creation. */
  *jobsOfStatus(workflow: Workflow, status: JobStatus, after = 0): Generator<Job, void, void> {
    const [first, ...others] = this.statusIds(status);
    if (first === undefined) return;
    if (others.length === 0) yield* this.ofStatus(workflow, first, after);
    else yield* merged([first, ...others].map((id) => this.ofStatus(workflow, id, after)));
  }

  countOfStatus({ workload }: Workflow, status: JobStatus): number {
    const name = this.reader.words.name.find(UNIT_NAME);
    if (name === undefined) return 0;
    writeUnitCounts(this.reader.database);
    const counts = this.statusIds(status).map((id) => Number(this.selectCount.get(workload, name, id)?.['n'] ?? 0));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  private stateOf([key, status, openBlockers, cancels]: StateValues): JobState {
    return {
      ordinal: ordinalOfKey(key),
      status: this.reader.words.status.wordOf(status) as JobStatus,
      openBlockers,
      cancelsOnBlockingJobFailure: cancels === 1,
    };
  }

  private statusIds(status: JobStatus): StatusId[] {
    return this.reader.words.status.findAll(TORC, [status]);
  }

  private ofStatus({ workload }: Workflow, status: StatusId, after: number): Generator<Job, void, void> {
    return this.walk(keyOf(workload, after), (from) => this.selectOfStatus.all(status, from, lastKeyOf(workload)));
  }

  private *walk(start: UnitKey, read: (after: UnitKey) => readonly Row[]): Generator<Job, void, void> {
    let after = start;
    for (let rows = read(after); rows.length > 0; rows = read(after)) {
      for (const values of rows) {
        const job = this.joined(values);
        after = job.unit.key;
        yield job;
      }
      if (rows.length < CHUNK) return;
    }
  }

  private joined(values: Row): Job {
    const row = rowOf(values);
    return jobOf({ row, unit: this.reader.unitOf(row) }, jobRowOf(values, OWN_COLUMNS));
  }

  private complete(stored: StoredUnit | undefined): Job | undefined {
    if (stored === undefined) return undefined;
    const { key } = stored.row;
    const known = this.recent?.get(key);
    if (known !== undefined) return jobOf(stored, known);
    const values = this.selectOwn.get(key);
    if (values === undefined) return undefined;
    const own = jobRowOf(values, 0);
    this.recent?.set(key, own);
    return jobOf(stored, own);
  }
}

const jobOf = ({ unit, row }: StoredUnit, own: JobRow): Job => {
  const ordinal = ordinalOfKey(row.key);
  return {
    ordinal,
    key: own.customKey ?? String(ordinal),
    // Only deciders set statuses, and only to these words.
    status: unit.status as JobStatus,
    outcome: unit.outcome,
    unit,
    openBlockers: row.open_deps,
    writes: own.writes,
    document: own.document,
    cancelsOnBlockingJobFailure: own.cancels,
    inputHash: own.hash,
    requestDigest: own.request ?? undefined,
    completeDigest: own.completeRequest ?? undefined,
    resultRunId: own.resultRun ?? undefined,
  };
};

/** Jobs of several walks, each in order of creation, in that order. */
function* merged(walks: readonly Iterator<Job, void, void>[]): Generator<Job, void, void> {
  const heads = walks.map((walk) => ({ walk, step: walk.next() }));
  for (;;) {
    let best: { readonly head: (typeof heads)[number]; readonly job: Job } | undefined;
    for (const head of heads) {
      if (head.step.done === true) continue;
      const job = head.step.value;
      if (best === undefined || job.ordinal < best.job.ordinal) best = { head, job };
    }
    if (best === undefined) return;
    yield best.job;
    best.head.step = best.head.walk.next();
  }
}
