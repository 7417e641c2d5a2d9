import type { ConcernsUnits } from '#contracts/work-events.js';
import { ordinalOfKey } from '../../workload/member-key.js';
import type { TaskView } from './view.js';

/** Names a task in an event of a stream, so that its history shows the event; only a task at home there can be named. */
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
