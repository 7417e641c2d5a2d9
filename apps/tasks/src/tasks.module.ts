import { Module } from '@nestjs/common';
import { accessRulesProjection } from '#event-sourcing/access-rules.js';
import { BlobStoreModule } from '#event-sourcing/blob-store.module.js';
import { groupsProjection } from '#event-sourcing/groups.js';
import { ServiceStoreModule } from '#event-sourcing/service-store.module.js';
import type { ServiceStore } from '#event-sourcing/service-store.js';
import { DIALECTS } from './dialects.js';
import { Policies } from './engine/policies.js';
import { UnitProjection } from './engine/unit-projection.js';
import { ExplainController } from './explain/explain.controller.js';
import { UnitExplainers } from './explain/unit-explainers.js';
import { LeaseController } from './lease/lease.controller.js';
import { CatalogProjection } from './workload/catalog/catalog-projection.js';
import { FailureProjection } from './workload/failure/failure-projection.js';
import { WorkloadKinds } from './workload/workload-kind.js';
import { WorkloadProjection } from './workload/workload-projection.js';
import { WorkloadController } from './workload/workload.controller.js';

const policies = new Policies(Object.fromEntries(DIALECTS.map(({ name, policy }) => [name, policy])));
const kinds = new WorkloadKinds(Object.fromEntries(DIALECTS.map(({ name, workloads }) => [name, workloads])));

/** What the service keeps. */
export const tasksStore: ServiceStore = {
  service: 'tasks',
  // Workloads first, because the other projections refer to them. The catalog last, because it reads their tables.
  projections: [
    WorkloadProjection,
    { provide: UnitProjection, useFactory: () => new UnitProjection(policies) },
    accessRulesProjection,
    groupsProjection,
    ...DIALECTS.flatMap(({ projections }) => projections),
    new FailureProjection(kinds),
    {
      provide: CatalogProjection,
      inject: [UnitProjection],
      useFactory: (units: UnitProjection) => new CatalogProjection(kinds, policies, units),
    },
  ],
  // A transaction with more changes writes before its commit, which blocks the thread.
  cacheKib: 8 * 1024,
};

/** Units of all dialects and everything that belongs to them. */
@Module({
  imports: [BlobStoreModule, ServiceStoreModule.register(tasksStore)],
  controllers: [
    WorkloadController,
    ExplainController,
    LeaseController,
    ...DIALECTS.flatMap(({ controllers }) => controllers),
  ],
  providers: [
    { provide: Policies, useValue: policies },
    { provide: WorkloadKinds, useValue: kinds },
    UnitExplainers,
    ...DIALECTS.flatMap(({ providers }) => providers),
  ],
})
export class TasksModule {}
