import { Module } from '@nestjs/common';
import { accessRulesProjection } from '#event-sourcing/access-rules.js';
import { groupsProjection } from '#event-sourcing/groups.js';
import { BlobStoreModule } from '#event-sourcing/blob-store.module.js';
import { orphanCollector } from '#event-sourcing/orphan-collector.js';
import { ServiceStoreModule } from '#event-sourcing/service-store.module.js';
import { requestProjection } from './iceprod/action/request-projection.js';
import { RequestWorker } from './iceprod/action/request-worker.js';
import { RequestController } from './iceprod/action/request.controller.js';
import { configProjection } from './iceprod/config/config-projection.js';
import { ConfigController } from './iceprod/config/config.controller.js';
import { datasetProjection } from './iceprod/dataset/dataset-projection.js';
import { DatasetController } from './iceprod/dataset/dataset.controller.js';
import { documentBlobs, recordedBlobsProjection } from './iceprod/document/recorded-blobs.js';
import { ExplainController } from './iceprod/explain/explain.controller.js';
import { datasetNumbersProjection } from './iceprod/numbers/dataset-numbers.js';

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
  controllers: [DatasetController, ConfigController, RequestController, ExplainController],
  providers: [RequestWorker, orphanCollector(documentBlobs)],
})
export class DatasetsModule {}
