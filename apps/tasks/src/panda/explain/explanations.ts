import { JOB_STATUSES } from '#contracts/panda/statuses.js';
import { timeText } from '#contracts/panda/times.js';
import { inputCounts } from '../file/input-counts.js';
import type { PandaReader } from '../sqlite-view.js';
import { phaseOf } from '../status-table.js';
import type { Job, Task } from '../view.js';
import { jobErrors } from '../job/job-errors.js';
import { jobReason } from './job-reason.js';
import { taskReason } from './task-reason.js';

/** Steps of a task that are told, the last ones. */
const STEPS_MAX = 200;

/** Why a job is where it is, as a sentence, and what that follows from. */
export const explainJob = (reader: PandaReader, job: Job): object => {
  const { attributes, taskId } = job;
  const task = taskId === null ? undefined : reader.task(taskId);
  return {
    panda_id: job.pandaId,
    task_id: taskId,
    reason: jobReason(reader, job),
    status: job.status,
    phase: phaseOf(job.status),
    status_changed: attributes.stateChangeTime,
    attempt: attributes.attemptNr,
    previous_attempt: attributes.parentID,
    queue: attributes.computingSite,
    host: attributes.modificationHost,
    share: attributes.gshare,
    priority: attributes.currentPriority,
    requirements: {
      cores: attributes.coreCount,
      memory_mb: attributes.minRamCount,
      disk_mb: attributes.maxDiskCount,
      walltime_seconds: attributes.maxWalltime,
      resource_type: attributes.resource_type,
    },
    command_to_pilot: attributes.commandToPilot,
    errors: jobErrors(attributes).map(({ text }) => text),
    retry_rule: job.measure ?? null,
    task_status: task?.status ?? null,
    task_reason: task === undefined ? null : taskReason(task, reader.datasets(task)),
  };
};

/** Why a task is where it is, with all reasons that its stages have given (D31). */
export const explainTask = (reader: PandaReader, task: Task): object => {
  const datasets = reader.datasets(task);
  const { files, used, finished, failed } = inputCounts(datasets);
  const jobs = JOB_STATUSES.map((status) => [status, reader.countOfJobs(task, status)] as const);
  return {
    task_id: task.id,
    name: task.attributes.taskName,
    user: task.attributes.userName,
    reason: taskReason(task, datasets),
    status: task.status,
    status_changed: task.attributes.stateChangeTime,
    returns_to: task.attributes.oldStatus,
    error_dialog: task.attributes.errorDialog,
    command: task.command === undefined ? null : { name: task.command.name, by: task.command.by },
    inputs: { files, waiting: files - used, in_jobs: used - finished - failed, finished, failed },
    jobs: Object.fromEntries(jobs.filter(([, count]) => count > 0)),
    steps: reader.taskRows.steps(task.id, STEPS_MAX).map(({ timeMicros, ...step }) => ({
      time: timeText(timeMicros),
      ...step,
    })),
    attempts: reader.taskRows.attempts(task.id).map(({ startedMicros, endedMicros, ...attempt }) => ({
      started: timeText(startedMicros),
      ended: endedMicros === null ? null : timeText(endedMicros),
      ...attempt,
    })),
  };
};
