import type { PandaEvents } from '#contracts/panda/events.js';
import type { TaskStatus } from '#contracts/panda/statuses.js';
import { TASK_ATTRIBUTES, type TaskAttributes, type TaskValues } from '#contracts/panda/task-attributes.js';
import { timeText } from '#contracts/panda/times.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { PendingCommand } from '../view.js';

/** What the tables keep of a task. */
export interface TaskRecord {
  readonly status: TaskStatus;
  /** Those that are not null. */
  readonly attributes: TaskAttributes;
  readonly command: PendingCommand | undefined;
}

type Changes = Pick<
  PandaEvents,
  'TaskMoved' | 'TaskAmended' | 'CommandRegistered' | 'CommandExecuted' | 'CommandDropped'
>;

/** An event that changes a task. */
export type TaskEvent = EventOf<Changes>;

/** What a task has of which nothing is said. */
// One entry for each name, so that the type holds.
const DEFAULT_TASK = Object.fromEntries(TASK_ATTRIBUTES.map((name) => [name, null])) as unknown as TaskValues;

/** All attributes of a task. */
export const valuesOf = (
  id: number,
  { status, attributes }: Pick<TaskRecord, 'status' | 'attributes'>,
): TaskValues => ({
  ...DEFAULT_TASK,
  ...attributes,
  jediTaskID: id,
  status,
});

export const submittedTask = (set: TaskAttributes, timeMicros: number): TaskRecord => {
  const now = timeText(timeMicros);
  return {
    status: 'registered',
    attributes: withoutNulls({ creationDate: now, stateChangeTime: now, modificationTime: now, ...set }),
    command: undefined,
  };
};

/** The task after an event: the only place where events change tasks. */
export const evolveTask = (task: TaskRecord, event: TaskEvent, timeMicros: number): TaskRecord => {
  const now = timeText(timeMicros);
  switch (event.type) {
    case 'TaskMoved': {
      const { status, set } = event.data;
      const isMoved = status !== task.status;
      return {
        ...task,
        status,
        attributes: changed(task, { modificationTime: now, ...(isMoved && { stateChangeTime: now }), ...set }),
      };
    }
    case 'TaskAmended':
      return { ...task, attributes: changed(task, { modificationTime: now, ...event.data.set }) };
    case 'CommandRegistered': {
      const { command: name, options, by, is_production: isProduction } = event.data;
      return { ...task, command: { name, options, by, isProduction } };
    }
    case 'CommandExecuted':
    case 'CommandDropped':
      return { ...task, command: undefined };
  }
};

const changed = ({ attributes }: TaskRecord, set: TaskAttributes): TaskAttributes =>
  withoutNulls({ ...attributes, ...set });

const withoutNulls = (attributes: TaskAttributes): TaskAttributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
