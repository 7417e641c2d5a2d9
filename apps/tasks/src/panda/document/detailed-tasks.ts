import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { TasksDetailedRequest } from '#contracts/panda/documents.js';
import { TASK_ATTRIBUTES, type TaskAttribute } from '#contracts/panda/task-attributes.js';
import { microsOfTime } from '#contracts/panda/times.js';
import { BoundedPattern } from '#platform/bounded-pattern.js';
import type { PandaReader } from '../sqlite-view.js';
import type { Task } from '../view.js';
import type { JsonPieces } from './json-text.js';
import { taskInfo } from './task-info.js';

/** Tasks that are compared with filters at a time. */
const COMPARED = 100;

/** How far back tasks are looked for (contract 6.10). */
const MICROS_BACK_MAX = 90 * 24 * 3600 * 1_000_000;

/** A value with one of these is a pattern. */
const PATTERN_CHARACTERS = /[$()*+?\\^|]/u;

/** Whether an attribute of each of some tasks is as it should be. */
type Filter = (tasks: readonly Task[]) => readonly boolean[];

/** `task/get_tasks_detailed_info_since`. Patterns are applied before the limit (R). */
export function* detailedTasks(reader: PandaReader, request: TasksDetailedRequest): JsonPieces {
  const { filters, user, limit } = request;
  const asked = 'userName' in filters ? filters : { ...filters, userName: user };
  const conditions = Object.entries(asked).map(([name, value]) => filterOf(name, value));
  let [separator, left] = ['[', limit];
  for (const tasks of pagesOf(reader, sinceMicros(request.since), exactly(asked['userName']))) {
    yield '';
    for (const task of conditions.reduce(select, tasks).slice(0, Math.max(0, left))) {
      yield separator;
      separator = ',';
      left -= 1;
      yield* taskInfo(reader, task);
    }
    if (left <= 0) break;
  }
  yield separator === '[' ? '[]' : ']';
}

const failed = (): DomainError => new DomainError('invalid', 'panda.tasks.bad-filter', 'Failed to retrieve task IDs');

const sinceMicros = (since: string | null): number => {
  const micros = since === null || since === '' ? 0 : microsOfTime(since);
  if (micros === undefined) throw failed();
  return Math.max(micros, nowMicros() - MICROS_BACK_MAX);
};

function* pagesOf(
  reader: PandaReader,
  micros: number,
  user: string | undefined,
): Generator<readonly Task[], void, void> {
  const ids = reader.taskRows.modifiedSince(micros, user);
  for (let at = 0; at < ids.length; at += COMPARED) {
    yield ids.slice(at, at + COMPARED).flatMap((id) => reader.task(id) ?? []);
  }
}

const select = (tasks: readonly Task[], filter: Filter): readonly Task[] => {
  if (tasks.length === 0) return tasks;
  const found = filter(tasks);
  return tasks.filter((_, at) => found[at]);
};

/** The one text that a filter lets pass; undefined when there may be others. */
const exactly = (value: unknown): string | undefined =>
  typeof value === 'string' && !PATTERN_CHARACTERS.test(value) && !isNullTest(value) ? value : undefined;

const isNullTest = (value: string): boolean => value === 'NULL' || value === 'NOT NULL';

const isAttribute = (name: string): name is TaskAttribute => (TASK_ATTRIBUTES as readonly string[]).includes(name);

/** Numbers and their text forms are equal (R): clients send texts. */
const filterOf = (name: string, value: unknown): Filter => {
  if (!isAttribute(name)) throw failed();
  const wanted = value === null ? 'NULL' : typeof value === 'string' ? value : JSON.stringify(value);
  if (isNullTest(wanted)) {
    return (tasks) => tasks.map(({ attributes }) => (attributes[name] === null) === (wanted === 'NULL'));
  }
  if (!PATTERN_CHARACTERS.test(wanted)) {
    return (tasks) => tasks.map(({ attributes }) => attributes[name] !== null && String(attributes[name]) === wanted);
  }
  const pattern = BoundedPattern.parse(wanted);
  if (pattern === undefined) throw failed();
  return (tasks) => pattern.matches(tasks.map(({ attributes }) => String(attributes[name] ?? '')));
};
