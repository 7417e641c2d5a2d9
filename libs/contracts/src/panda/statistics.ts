import { query } from '#bus/contract.js';

/** Questions about numbers of jobs (PanDA contract 8). */
export type StatisticsRequest =
  | { readonly by: 'cloud'; readonly jobs: 'production' | 'analysis' }
  | { readonly by: 'cloud-and-processing-type' }
  | { readonly by: 'site' }
  | { readonly by: 'site-in-detail' }
  /** Final jobs count if they ended in the last `minutes`. */
  | { readonly by: 'site-and-resource-type'; readonly minutes: number }
  | { readonly by: 'site-share-and-resource-type'; readonly minutes: number };

/** Raw JSON of the nested counts. */
export const GetJobStatistics = query<StatisticsRequest, { readonly counts: string }>('tasks', 'panda.statistics');
