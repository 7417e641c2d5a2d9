import type { Random } from '../../chaos/random.js';
import { keyOf } from '../../compat/torc/answers.js';
import { randomWorkflow } from '../../compat/torc/random-graphs/random-workflow.js';
import type { TorcClient } from '../../compat/torc/torc-client.js';
import type { Course } from './course.js';

const JOBS = 8;

export const torcCourse = async (torc: TorcClient, random: Random): Promise<Course> => {
  const { workflow } = await randomWorkflow(torc, random, JOBS);
  const units = (await workflow.documents('jobs')).map(keyOf);
  await workflow.initialize();
  return {
    workload: workflow.key,
    document: workflow.at(''),
    units,
    documentOfUnit: (job) => workflow.at(`/jobs/${job}`),
    lists: ['/jobs', '/results', '/events', '/status'].map((path) => workflow.at(path)),
    read: (path) => torc.text(path),
    change: async (choice) => {
      const jobs = await workflow.documents('jobs');
      const with_ = (...statuses: readonly string[]) =>
        choice.pick(jobs.filter(({ status }) => statuses.includes(String(status))));
      const job = choice.pick(jobs) ?? {};
      switch (choice.below(10)) {
        case 0:
          return workflow.post('/initialize_jobs');
        case 1:
          return workflow.put(`/jobs/${keyOf(job)}`, { ...job, command: `echo ${choice.next()}` });
        case 2:
          return units.push(keyOf(await workflow.added('jobs', { name: `more ${units.length}`, command: 'x' })));
        case 3:
          return workflow.post(`/reset_job_status?failed_only=${choice.next() < 0.5}`);
        case 4:
          return choice.next() < 0.5 ? workflow.put('/cancel') : workflow.post('/reset_status');
        case 5:
        case 6: {
          const claimed = with_('submitted_pending');
          return claimed === undefined ? workflow.claim(undefined, '?limit=2') : workflow.start(claimed);
        }
        default: {
          const started = with_('submitted', 'submitted_pending');
          if (started === undefined) return workflow.claim(undefined, '?limit=2');
          return workflow.complete(String(started['name']), choice.below(2));
        }
      }
    },
  };
};
