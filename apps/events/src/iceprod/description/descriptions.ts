import type { IceprodEventTypes } from '#contracts/iceprod/event-types.js';
import { batchDescriptions } from '../../timeline/batch-descriptions.js';
import { credentialDescriptions } from '../../timeline/credential-descriptions.js';
import type { DescriptionsOf } from '../../timeline/description.js';
import { groupDescriptions } from '../../timeline/unit-descriptions.js';
import { siteDescriptions, workerDescriptions } from '../../timeline/worker-descriptions.js';
import { accessDescriptions } from '../../timeline/workload-descriptions.js';
import { datasetDescriptions } from './dataset-descriptions.js';
import { requestDescriptions } from './request-descriptions.js';
import { taskDescriptions } from './task-descriptions.js';

export const iceprodDescriptions: DescriptionsOf<IceprodEventTypes> = {
  ...datasetDescriptions,
  ...taskDescriptions,
  ...groupDescriptions({ id: 'job_id', workload: 'dataset_id', index: 'job_index', status: 'status' }),
  ...requestDescriptions,
  ...workerDescriptions('pilot_id'),
  ...siteDescriptions('grid_id'),
  ...accessDescriptions,
  ...credentialDescriptions,
  ...batchDescriptions,
};
