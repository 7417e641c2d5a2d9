import type { Queue } from '#contracts/panda/queues.js';
import type { PandaView, WeighedStatus } from '../view.js';

type MemoryView = Pick<PandaView, 'countAtSite' | 'memoryAtSite'>;

const meanOf = (view: MemoryView, site: string, statuses: readonly WeighedStatus[]): number => {
  const jobs = statuses.reduce((sum, status) => sum + view.countAtSite(site, status), 0);
  const memory = statuses.reduce((sum, status) => sum + view.memoryAtSite(site, status), 0);
  return jobs === 0 ? 0 : memory / jobs;
};

/**
 * The memory per core, in megabytes, beyond which no job is handed out: that which a push queue should have in the mean, while the jobs that run
 * there, or those that start there with them, have asked for more (PanDA contract 4.2.2).
 */
export const memoryLimit = (view: MemoryView, queue: Queue | undefined): number => {
  if (queue === undefined || queue.meanrss <= 0 || !queue.workflow.startsWith('push')) return Infinity;
  const { name, meanrss } = queue;
  const isExceeded = meanOf(view, name, ['running']) > meanrss || meanOf(view, name, ['starting', 'running']) > meanrss;
  return isExceeded ? meanrss : Infinity;
};
