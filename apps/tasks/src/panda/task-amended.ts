import type { TaskAmended } from '#contracts/panda/events.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { Task } from './view.js';

/** Attributes of a task change, its status does not. */
export const taskAmended = ({ stream }: Pick<Task, 'stream'>, set: TaskAttributes, reason?: string): DecidedEvent => {
  const data: TaskAmended = { set, ...(reason !== undefined && { reason }) };
  return { stream, type: 'TaskAmended', data };
};
