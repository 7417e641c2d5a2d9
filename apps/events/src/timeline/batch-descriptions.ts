import type { BatchEvents } from '#contracts/batch-events.js';
import type { DescriptionsOf } from './description.js';

export const batchDescriptions: DescriptionsOf<BatchEvents> = {
  BatchAbandoned: { what: () => 'gave up a large change that its owner had not finished: nothing of it took effect' },
};
