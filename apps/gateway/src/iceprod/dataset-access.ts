import { bypassesRules } from '#contracts/access.js';
import { AuthorizeAccess } from '#contracts/iceprod/datasets.js';
import type { WorkloadAccess } from '../dialect.js';

/** The access rule of the dataset that a path names. Where the body names it, the service checks the rule (IceProd contract 2.3). */
export const datasetAccess: WorkloadAccess = {
  word: 'dataset',
  authorize: async (bus, { action, route, source, context: { correlationId, deadlineMs, dialect, caller } }) => {
    if (bypassesRules(caller) || !route.path.includes(':dataset_id')) return;
    const question = { dataset_id: source.path('dataset_id'), action };
    await bus.request(AuthorizeAccess, question, { correlationId, deadlineMs, dialect, caller });
  },
};
