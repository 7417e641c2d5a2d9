import { microsOfTime } from '#contracts/panda/times.js';
import type { StageStep } from '../stage/stage.js';
import { taskAmended } from '../task-amended.js';
import { dialogOf, taskStopped } from '../task-moved.js';
import type { Task } from '../view.js';

const MICROS_PER_SECOND = 1_000_000;
/** How often the making of jobs is tried again although nothing has changed (PanDA contract 9.4, step 2). */
const RETRY_SECONDS = 60;

/** No job can be made now: the task waits, and says why. After some time a human must decide. */
export const taskPending = (task: Task, reason: string, timeMicros: number, pendingSecondsMax: number): StageStep => {
  const { status, attributes } = task;
  const retryAtMicros = timeMicros + RETRY_SECONDS * MICROS_PER_SECOND;
  if (status !== 'pending') {
    return { events: [taskStopped(task, 'pending', reason, { set: { oldStatus: status } })], retryAtMicros };
  }
  const sinceMicros = microsOfTime(attributes.stateChangeTime ?? '') ?? timeMicros;
  if (timeMicros - sinceMicros > pendingSecondsMax * MICROS_PER_SECOND) {
    return { events: [taskStopped(task, 'exhausted', reason)] };
  }
  const errorDialog = dialogOf(reason);
  if (attributes.errorDialog === errorDialog) return { events: [], retryAtMicros };
  return { events: [taskAmended(task, { errorDialog }, reason)], retryAtMicros };
};
