import type { TaskStatRecorded } from '#contracts/iceprod/task-events.js';
import type { Decided } from '#event-sourcing/command.js';
import { unitsOfTask } from '../task/units-of-task.js';
import type { TaskView } from '../task/view.js';

/**
 * `POST /tasks/{task_id}/task_stats`: recorded with the dataset that the caller names, whether or not it or the task exists.
 * A task of that dataset gets the record into its history.
 */
export const recordStats = (
  view: Pick<TaskView, 'homeOf' | 'find' | 'streamOf'>,
  record: {
    readonly id: string;
    readonly taskId: string;
    readonly datasetId: string;
    readonly stats: TaskStatRecorded['stats'];
  },
): Decided<{ task_stat_id: string }> => {
  const stream = view.homeOf(record.datasetId);
  const data: TaskStatRecorded = {
    ...unitsOfTask(view, stream, record.taskId),
    task_stat_id: record.id,
    task_id: record.taskId,
    dataset_id: record.datasetId,
    stats: record.stats,
  };
  return { events: [{ stream, type: 'TaskStatRecorded', data }], reply: { task_stat_id: record.id } };
};
