import { acquire, fail, finish, type PilotJob, submitTask, taskIs } from '../../compat/panda/story.js';
import type { PandaCluster } from '../../compat/panda/use-panda.js';
import type { Course } from './course.js';

const EVENTS = 6;

export const pandaCourse = async ({ user, production, pilot }: PandaCluster): Promise<Course> => {
  const task_id = await submitTask(user(), { nEvents: EVENTS });
  await taskIs(user(), task_id, 'scouting');
  const jobs: PilotJob[] = [...(await acquire(pilot(), task_id, 1))];
  const units = jobs.map(({ PandaID }) => String(PandaID));
  const documentOfUnit = (...ids: readonly string[]): string =>
    `/api/v1/job/get_description?${ids.map((id) => `job_ids=${id}`).join('&')}`;
  return {
    workload: String(task_id),
    document: `/api/v1/task/get_detailed_info?task_id=${task_id}`,
    units,
    documentOfUnit,
    get lists() {
      return [
        documentOfUnit(...units),
        `/api/v1/task/get_details?task_id=${task_id}`,
        `/api/v1/task/get_job_ids?task_id=${task_id}`,
      ];
    },
    read: async (path) => (await user().send('GET', path)).text,
    change: async (random) => {
      const job = random.pick(jobs);
      switch (random.below(10)) {
        case 0:
          return production().post('task/pause', { task_id });
        case 1:
          return production().post('task/resume', { task_id });
        case 2:
          return production().post('task/change_priority', { task_id, priority: random.below(1000) });
        case 3:
          return production().post('task/change_attribute', {
            ...{ task_id, attribute_name: 'ramCount', value: random.below(4000) },
          });
        case 4:
          return user().post('task/retry', { task_id });
        case 5:
        case 6:
        case 7: {
          const { data } = await pilot().post('pilot/acquire_jobs', {
            ...{ site_name: 'SITE_A', prod_source_label: 'user', computing_element: 'SITE_A', node: 'wn1' },
            ...{ n_jobs: 1, task_id },
          });
          const acquired = (data as { jobs: readonly PilotJob[] } | null)?.jobs ?? [];
          jobs.push(...acquired);
          return units.push(...acquired.map(({ PandaID }) => String(PandaID)));
        }
        default:
          if (job === undefined) return undefined;
          return random.next() < 0.5 ? finish(pilot(), job) : fail(pilot(), job);
      }
    },
  };
};
