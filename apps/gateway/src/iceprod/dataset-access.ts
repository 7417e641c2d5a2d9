import { bypassesRules } from '#contracts/access.js';
import { AuthorizeAccess } from '#contracts/iceprod/datasets.js';
import type { WorkloadAccess } from '../dialect.js';

const datasetOf: WorkloadAccess['workloadOf'] = (route, source) =>
  route.path.includes(':dataset_id') ? source.path('dataset_id') : undefined;

/** The access rule of the dataset that a path names. Where the body names it, the service checks the rule (IceProd contract 2.3). */
export const datasetAccess: WorkloadAccess = {
  word: 'dataset',
  workloadOf: datasetOf,
  authorize: async (bus, { action, route, source, context: { correlationId, deadlineMs, dialect, caller } }) => {
    const dataset = datasetOf(route, source);
    if (bypassesRules(caller) || dataset === undefined) return;
    const question = { dataset_id: dataset, action };
    await bus.request(AuthorizeAccess, question, { correlationId, deadlineMs, dialect, caller });
  },
};
