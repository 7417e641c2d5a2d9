import type { TaskStatRecorded } from '#contracts/iceprod/task-events.js';
import type { Decided } from '#event-sourcing/command.js';
import { unitsOfTask } from '../task/units-of-task.js';
import type { TaskView } from '../task/view.js';

/**
 * `POST /tasks/{task_id}/task_stats`. Recorded for the given dataset, even if it or the task does not exist. If the task
 * belongs to the dataset, its history shows the record.
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
