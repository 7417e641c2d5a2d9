import type { PandaEventTypes } from '#contracts/panda/event-types.js';
import { batchDescriptions } from '../../timeline/batch-descriptions.js';
import type { DescriptionsOf } from '../../timeline/description.js';
import { jobDescriptions } from './job-descriptions.js';
import { siteDescriptions } from './site-descriptions.js';
import { taskDescriptions } from './task-descriptions.js';

export const pandaDescriptions: DescriptionsOf<PandaEventTypes> = {
  ...taskDescriptions,
  ...jobDescriptions,
  ...siteDescriptions,
  ...batchDescriptions,
};
