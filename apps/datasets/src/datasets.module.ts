import { Module } from '@nestjs/common';
import { accessRulesProjection } from '#projection/access-rules.js';
import { groupsProjection } from '#projection/groups.js';
import { BlobStoreModule } from '#projection/blob-store.module.js';
import { orphanCollector } from '#projection/orphan-collector.js';
import { ServiceStoreModule } from '#projection/service-store.module.js';
import { requestProjection } from './action/request-projection.js';
import { RequestWorker } from './action/request-worker.js';
import { RequestController } from './action/request.controller.js';
import { configProjection } from './config/config-projection.js';
import { ConfigController } from './config/config.controller.js';
import { datasetProjection } from './dataset/dataset-projection.js';
import { DatasetController } from './dataset/dataset.controller.js';
import { documentBlobs, recordedBlobsProjection } from './document/recorded-blobs.js';
import { datasetNumbersProjection } from './numbers/dataset-numbers.js';

/** Workloads: IceProd datasets and their configs, and the asynchronous requests of IceProd. */
@Module({
  imports: [
    BlobStoreModule,
    ServiceStoreModule.register({
      service: 'datasets',
      projections: [
        datasetProjection,
        configProjection,
        datasetNumbersProjection,
        accessRulesProjection,
        groupsProjection,
        requestProjection,
        recordedBlobsProjection,
      ],
    }),
  ],
  controllers: [DatasetController, ConfigController, RequestController],
  providers: [RequestWorker, orphanCollector(documentBlobs)],
})
export class DatasetsModule {}
