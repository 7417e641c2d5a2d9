import { newDataset, newJob, newTask } from '../../compat/iceprod/fixtures.js';
import type { HttpClient } from '../../harness/http-client.js';
import { type Course, textOf } from './course.js';

const STATUSES = ['idle', 'waiting', 'queued', 'processing', 'reset', 'failed', 'suspended', 'complete'];

/** @param system a client with this role */
export const iceprodCourse = async (system: HttpClient): Promise<Course> => {
  const dataset = await newDataset(system);
  const at = `/datasets/${dataset}`;
  const job = await newJob(system, dataset);
  const tasks = [await newTask(system, dataset, { job_id: job })];
  return {
    workload: dataset,
    document: at,
    units: tasks,
    documentOfUnit: (task) => `${at}/tasks/${task}`,
    lists: [`${at}/tasks`, `${at}/task_counts/status`, `${at}/task_summaries/status`, `${at}/job_counts/status`],
    read: (path) => textOf(system, path),
    change: async (random) => {
      const [status, task] = [random.pick(STATUSES), random.pick(tasks) ?? ''];
      switch (random.below(9)) {
        case 0:
        case 1: {
          const fields = { job_id: job, task_index: tasks.length, name: `t${tasks.length}`, depends: [task] };
          return tasks.push(await newTask(system, dataset, fields));
        }
        case 2:
          return system.put(`${at}/description`, { description: `\u00e9 ${random.next()}` });
        case 3:
          return system.put(`${at}/priority`, { priority: random.below(100) / 10 });
        case 4:
          return system.put(`${at}/status`, { status: random.pick(['processing', 'suspended', 'errors']) });
        case 5:
          return system.put(`${at}/jobs/${job}/status`, { status: random.pick(['processing', 'failed', 'suspended']) });
        case 6:
          return system.post(`${at}/task_actions/bulk_status/${status ?? ''}`, { tasks });
        default:
          return system.put(`${at}/tasks/${task}/status`, { status });
      }
    },
  };
};
