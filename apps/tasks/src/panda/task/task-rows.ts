import type { TaskTextName } from '#contracts/panda/events.js';
import { FINAL_TASK_STATUSES, type TaskStatus } from '#contracts/panda/statuses.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import { type ArrayStatement, arrayStatement, type Row } from '#event-sourcing/array-statement.js';
import type { UnitReader } from '../../engine/unit-row.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { Texts } from '../text/texts.js';
import type { PendingCommand, Task, TaskView } from '../view.js';
import { type TaskRecord, valuesOf } from './task.js';

/** `attributes` is raw JSON of all that are not null; the other columns are for searches. `modified` is in microseconds since the Unix epoch. */
export const TASK_TABLES = `
CREATE TABLE IF NOT EXISTS panda_task (
  id INTEGER PRIMARY KEY,
  workload INTEGER NOT NULL,
  status TEXT NOT NULL,
  name TEXT NOT NULL,
  user TEXT NOT NULL,
  vo TEXT NOT NULL,
  label TEXT NOT NULL,
  parent INTEGER,
  jumbo TEXT,
  modified INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  command TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS panda_status_log (
  number INTEGER PRIMARY KEY,
  task INTEGER NOT NULL,
  time INTEGER NOT NULL,
  status TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  reason TEXT,
  command TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS panda_task_attempt (
  task INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  started INTEGER NOT NULL,
  start_status TEXT NOT NULL,
  ended INTEGER,
  end_status TEXT,
  files INTEGER,
  finished INTEGER,
  failed INTEGER,
  PRIMARY KEY (task, attempt)
) STRICT, WITHOUT ROWID;`;

const FINAL = FINAL_TASK_STATUSES.map((status) => `'${status}'`).join(', ');
const UNSETTLED = `(status NOT IN (${FINAL}) OR command IS NOT NULL)`;

export const TASK_INDEXES = `
CREATE INDEX IF NOT EXISTS panda_task_named ON panda_task (name, id);
CREATE INDEX IF NOT EXISTS panda_task_of_user ON panda_task (user, status);
CREATE INDEX IF NOT EXISTS panda_task_modified ON panda_task (user, modified);
CREATE INDEX IF NOT EXISTS panda_task_of_parent ON panda_task (parent, id) WHERE parent IS NOT NULL;
CREATE INDEX IF NOT EXISTS panda_task_unsettled ON panda_task (id) WHERE ${UNSETTLED};
CREATE INDEX IF NOT EXISTS panda_task_jumbo ON panda_task (modified) WHERE jumbo IS NOT NULL;
CREATE INDEX IF NOT EXISTS panda_status_log_of_task ON panda_status_log (task);`;

type TaskRow = readonly [
  ...[id: number, workload: WorkloadId, status: TaskStatus, attributes: string, command: string | null],
  nextOrdinal: number | null,
];

const SELECT = `SELECT id, panda_task.workload, status, attributes, command, next_ordinal
  FROM panda_task LEFT JOIN panda_home ON panda_home.workload = panda_task.workload`;

/** A change of a task's status, or a reason that a stage has given. */
export interface TaskStep {
  readonly timeMicros: number;
  readonly status: string;
  readonly attempt: number;
  readonly reason: string | null;
  readonly command: string | null;
}

/** From a submission or retry to the end that followed it. */
export interface TaskAttempt {
  readonly attempt: number;
  readonly startedMicros: number;
  readonly startStatus: string;
  readonly endedMicros: number | null;
  readonly endStatus: string | null;
  readonly files: number | null;
  readonly finished: number | null;
  readonly failed: number | null;
}

/** The record that a row holds. */
export const recordOf = (status: TaskStatus, attributes: string, command: string | null): TaskRecord => ({
  status,
  attributes: JSON.parse(attributes) as TaskAttributes,
  command: command === null ? undefined : (JSON.parse(command) as PendingCommand),
});

type StepValues = readonly [
  ...[timeMicros: number, status: string, attempt: number, reason: string | null, command: string | null],
];

type AttemptValues = readonly [
  ...[attempt: number, started: number, startStatus: string, ended: number | null, endStatus: string | null],
  ...[files: number | null, finished: number | null, failed: number | null],
];

/** Tasks on one connection. */
export class TaskRows {
  private readonly texts: Texts;
  private readonly selectOne: ArrayStatement<TaskRow>;
  private readonly selectNamed: ArrayStatement<TaskRow>;
  private readonly selectChildren: ArrayStatement<readonly [id: number]>;
  private readonly selectUnsettled: ArrayStatement<readonly [id: number]>;
  private readonly countOfUser: ArrayStatement<readonly [n: number]>;
  private readonly selectModified: ArrayStatement<readonly [id: number]>;
  private readonly selectModifiedOf: ArrayStatement<readonly [id: number]>;
  private readonly selectJumbo: ArrayStatement<readonly [id: number]>;
  private readonly selectOfUser: ArrayStatement<readonly [id: number]>;
  private readonly selectSteps: ArrayStatement<StepValues>;
  private readonly selectAttempts: ArrayStatement<AttemptValues>;

  constructor(private readonly reader: UnitReader) {
    const prepare = <Values extends Row>(sql: string) => arrayStatement<Values>(reader.database, sql);
    this.texts = new Texts(reader.database, 'task');
    this.selectOne = prepare(`${SELECT} WHERE id = ?`);
    this.selectNamed = prepare(
      `${SELECT} WHERE name = ?1 AND (?2 IS NULL OR user = ?2) AND (?3 IS NULL OR vo = ?3) AND (?4 IS NULL OR label = ?4)
       ORDER BY id DESC LIMIT 1`,
    );
    this.selectChildren = prepare('SELECT id FROM panda_task WHERE parent = ?1 AND id <> ?1 ORDER BY id');
    this.selectUnsettled = prepare(`SELECT id FROM panda_task WHERE ${UNSETTLED} AND id > ? ORDER BY id LIMIT ?`);
    this.selectModified = prepare('SELECT id FROM panda_task WHERE modified >= ? ORDER BY id');
    this.selectModifiedOf = prepare('SELECT id FROM panda_task WHERE user = ? AND modified >= ? ORDER BY id');
    this.selectJumbo = prepare(
      `SELECT id FROM panda_task WHERE jumbo IS NOT NULL AND modified BETWEEN ? AND ? AND label = 'managed' AND status IN ('finished', 'done')
       ORDER BY id`,
    );
    this.selectOfUser = prepare(
      'SELECT id FROM panda_task WHERE user = ? AND status = ? AND modified >= ? ORDER BY id LIMIT ?',
    );
    this.selectSteps = prepare(
      `SELECT time, status, attempt, reason, command FROM
         (SELECT * FROM panda_status_log WHERE task = ? ORDER BY number DESC LIMIT ?) ORDER BY number`,
    );
    this.selectAttempts = prepare(
      `SELECT attempt, started, start_status, ended, end_status, files, finished, failed FROM panda_task_attempt WHERE task = ?
       ORDER BY attempt`,
    );
    this.countOfUser = prepare('SELECT count(*) FROM panda_task WHERE user = ? AND status = ?');
  }

  task(id: number): Task | undefined {
    return this.taskOf(this.selectOne.get(id));
  }

  taskText({ workload }: Pick<Task, 'workload'>, name: TaskTextName): string | undefined {
    return this.texts.text(workload, name);
  }

  newestTaskNamed(name: string, { user, vo, label }: Parameters<TaskView['newestTaskNamed']>[1]): Task | undefined {
    return this.taskOf(this.selectNamed.get(name, user ?? null, vo ?? null, label ?? null));
  }

  childrenOf(taskId: number): readonly number[] {
    return this.selectChildren.all(taskId).map(([id]) => id);
  }

  unsettledTasks(after: number, limit: number): readonly number[] {
    return this.selectUnsettled.all(after, limit).map(([id]) => id);
  }

  countOfTasks(user: string, statuses: readonly TaskStatus[]): number {
    const counts = statuses.map((status) => this.countOfUser.get(user, status)?.[0] ?? 0);
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Ids of tasks that were modified since a time, ascending; of one user if it is given (compact name). */
  modifiedSince(micros: number, user?: string): readonly number[] {
    const rows = user === undefined ? this.selectModified.all(micros) : this.selectModifiedOf.all(user, micros);
    return rows.map(([id]) => id);
  }

  /** Ids of managed tasks with jumbo jobs that have ended with some success and were modified between two times, ascending. */
  endedWithJumbo(fromMicros: number, toMicros: number): readonly number[] {
    return this.selectJumbo.all(fromMicros, toMicros).map(([id]) => id);
  }

  /** Ids of tasks of a user in one of these statuses that were modified since a time; at most `limit` of each status. */
  tasksOf(user: string, statuses: readonly TaskStatus[], sinceMicros: number, limit: number): readonly number[] {
    return statuses
      .flatMap((status) => this.selectOfUser.all(user, status, sinceMicros, limit))
      .map(([id]) => id)
      .sort((one, other) => one - other);
  }

  /** The last steps of a task, in order. */
  steps(taskId: number, limit: number): readonly TaskStep[] {
    return this.selectSteps
      .all(taskId, limit)
      .map(([timeMicros, status, attempt, reason, command]) => ({ timeMicros, status, attempt, reason, command }));
  }

  attempts(taskId: number): readonly TaskAttempt[] {
    return this.selectAttempts
      .all(taskId)
      .map(([attempt, startedMicros, startStatus, endedMicros, endStatus, files, finished, failed]) => ({
        ...{ attempt, startedMicros, startStatus, endedMicros, endStatus, files, finished, failed },
      }));
  }

  private taskOf(row: TaskRow | undefined): Task | undefined {
    if (row === undefined) return undefined;
    const [id, workload, status, attributes, command, nextOrdinal] = row;
    const record = recordOf(status, attributes, command);
    const { workloads } = this.reader;
    return {
      id,
      workload,
      name: workloads.nameOf(workload),
      stream: workloads.workStreamOf(workload),
      nextOrdinal: nextOrdinal ?? 0,
      status,
      attributes: valuesOf(id, record),
      command: record.command,
    };
  }
}
