import { Module } from '@nestjs/common';
import { accessRulesProjection } from '#event-sourcing/access-rules.js';
import { BlobStoreModule } from '#event-sourcing/blob-store.module.js';
import { groupsProjection } from '#event-sourcing/groups.js';
import { orphanCollector } from '#event-sourcing/orphan-collector.js';
import { ServiceStoreModule } from '#event-sourcing/service-store.module.js';
import type { ServiceStore } from '#event-sourcing/service-store.js';
import { DIALECTS } from './dialects.js';
import { ExplainController } from './explain/explain.controller.js';
import { WorkloadExplainers } from './explain/workload-explainers.js';

/** What the service keeps. */
export const datasetsStore: ServiceStore = {
  service: 'datasets',
  projections: [...DIALECTS.flatMap(({ projections }) => projections), accessRulesProjection, groupsProjection],
};

/** Workloads: what people asked for, in the words of each dialect. */
@Module({
  imports: [BlobStoreModule, ServiceStoreModule.register(datasetsStore)],
  controllers: [ExplainController, ...DIALECTS.flatMap(({ controllers }) => controllers)],
  providers: [
    WorkloadExplainers,
    orphanCollector((queries) => ({
      kinds: DIALECTS.flatMap(({ blobs }) => blobs?.(queries) ?? []),
      dropsUnfinished: false,
    })),
    ...DIALECTS.flatMap(({ providers }) => providers),
  ],
})
export class DatasetsModule {}
