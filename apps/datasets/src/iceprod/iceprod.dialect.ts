import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import { requestProjection } from './action/request-projection.js';
import { RequestWorker } from './action/request-worker.js';
import { RequestController } from './action/request.controller.js';
import { configProjection } from './config/config-projection.js';
import { ConfigPool } from './config/config-pool.js';
import { ConfigController } from './config/config.controller.js';
import { datasetProjection } from './dataset/dataset-projection.js';
import { DatasetController } from './dataset/dataset.controller.js';
import { documentBlobs, recordedBlobsProjection } from './document/recorded-blobs.js';
import { DatasetExplainer } from './explain/dataset-explainer.js';
import { datasetNumbersProjection } from './numbers/dataset-numbers.js';

/** IceProd's datasets and configs, and its asynchronous requests. */
export const iceprod: ServiceDialect = {
  name: 'iceprod',
  projections: [
    datasetProjection,
    configProjection,
    datasetNumbersProjection,
    requestProjection,
    recordedBlobsProjection,
  ],
  controllers: [DatasetController, ConfigController, RequestController],
  providers: [DatasetExplainer, ConfigPool, RequestWorker],
  blobs: documentBlobs,
};
