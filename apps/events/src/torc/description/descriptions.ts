import type { TorcEventTypes } from '#contracts/torc/event-types.js';
import { batchDescriptions } from '../../timeline/batch-descriptions.js';
import type { DescriptionsOf } from '../../timeline/description.js';
import { accessDescriptions } from '../../timeline/workload-descriptions.js';
import { jobDescriptions } from './job-descriptions.js';
import { workflowDescriptions } from './workflow-descriptions.js';

export const torcDescriptions: DescriptionsOf<TorcEventTypes> = {
  ...workflowDescriptions,
  ...jobDescriptions,
  ...accessDescriptions,
  ...batchDescriptions,
};
