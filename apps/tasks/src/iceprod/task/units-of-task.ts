import type { ConcernsUnits } from '#contracts/work-events.js';
import { ordinalOfKey } from '../../workload/member-key.js';
import type { TaskView } from './view.js';

/** Adds a task to an event, so that its history shows the event. Only a task whose home is the stream can be added. */
export const unitsOfTask = (
  view: Pick<TaskView, 'find' | 'streamOf'>,
  stream: string,
  taskId: string | undefined,
): Pick<ConcernsUnits, 'units'> => {
  const key = taskId === undefined ? undefined : view.find(taskId)?.key;
  if (key === undefined || view.streamOf(key) !== stream) return {};
  const ordinal = ordinalOfKey(key);
  return { units: [[ordinal, ordinal]] };
};
