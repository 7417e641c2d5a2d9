import type { CairnEventTypes } from '#contracts/cairn/event-types.js';
import { batchDescriptions } from '../../timeline/batch-descriptions.js';
import { credentialDescriptions } from '../../timeline/credential-descriptions.js';
import type { DescriptionsOf } from '../../timeline/description.js';
import { directoryDescriptions } from './directory-descriptions.js';
import { personDescriptions } from './person-descriptions.js';
import { proofDescriptions } from './proof-descriptions.js';
import { rewriteDescriptions } from './rewrite-descriptions.js';
import { webhookDescriptions } from './webhook-descriptions.js';

export const cairnDescriptions: DescriptionsOf<CairnEventTypes> = {
  ...personDescriptions,
  ...directoryDescriptions,
  ...webhookDescriptions,
  ...credentialDescriptions,
  ...proofDescriptions,
  ...rewriteDescriptions,
  ...batchDescriptions,
};
