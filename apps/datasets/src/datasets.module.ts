import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { BlobStore } from '#keep/blob-store.js';
import { FolderBlobStore } from '#keep/folder-blob-store.js';
import { accessRulesProjection } from '#projection/access-rules.js';
import { groupsProjection } from '#projection/groups.js';
import { ServiceStoreModule } from '#projection/service-store.module.js';
import { configProjection } from './config/config-projection.js';
import { ConfigController } from './config/config.controller.js';
import { datasetProjection } from './dataset/dataset-projection.js';
import { DatasetController } from './dataset/dataset.controller.js';
import { datasetNumbersProjection } from './numbers/dataset-numbers.js';

/** Workloads: IceProd datasets and their configs. */
@Module({
  imports: [
    ServiceStoreModule.register({
      service: 'datasets',
      projections: [
        datasetProjection,
        configProjection,
        datasetNumbersProjection,
        accessRulesProjection,
        groupsProjection,
      ],
    }),
  ],
  controllers: [DatasetController, ConfigController],
  providers: [
    {
      provide: BlobStore,
      inject: [Environment],
      useFactory: ({ CAIRN_DATA_DIR: folder }: Environment) => new FolderBlobStore(join(folder, 'blobs')),
    },
  ],
})
export class DatasetsModule {}
