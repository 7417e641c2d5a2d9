import { Module } from '@nestjs/common';
import { accessRulesProjection } from '#event-sourcing/access-rules.js';
import { BlobStoreModule } from '#event-sourcing/blob-store.module.js';
import { groupsProjection } from '#event-sourcing/groups.js';
import { orphanCollector } from '#event-sourcing/orphan-collector.js';
import { ServiceStoreModule } from '#event-sourcing/service-store.module.js';
import { LogCleanup } from './iceprod/automation/log-cleanup.js';
import { CommandSender } from './iceprod/automation/command-sender.js';
import { ChangeTracker } from './iceprod/automation/change-tracker.js';
import { Reconciler } from './iceprod/automation/reconciler.js';
import { taskBlobs } from './iceprod/blob/task-blobs.js';
import { ExplainController } from './explain/explain.controller.js';
import { RecentOffers } from './explain/recent-offers.js';
import { FileController } from './iceprod/file/file.controller.js';
import { fileProjection } from './iceprod/file/file-projection.js';
import { IceprodUnits } from './iceprod/iceprod-units.js';
import { JobProjection } from './iceprod/job/job-projection.js';
import { JobController } from './iceprod/job/job.controller.js';
import { LogController } from './iceprod/log/log.controller.js';
import { logProjection } from './iceprod/log/log-projection.js';
import { taskStatProjection } from './iceprod/task-stat/task-stat-projection.js';
import { TaskStatController } from './iceprod/task-stat/task-stat.controller.js';
import { BulkController } from './iceprod/task/bulk.controller.js';
import { EvictionController } from './iceprod/task/eviction.controller.js';
import { SchedulingController } from './iceprod/task/scheduling.controller.js';
import { TaskDesk } from './iceprod/task/task-desk.js';
import { TaskListController } from './iceprod/task/task-list.controller.js';
import { TaskController } from './iceprod/task/task.controller.js';
import { WorkloadProjection } from './workload/workload-projection.js';

/** Units and what hangs on them: IceProd jobs, tasks and their statistics. */
@Module({
  imports: [
    BlobStoreModule,
    ServiceStoreModule.register({
      service: 'tasks',
      // Datasets first: what the others record belongs to one.
      projections: [
        WorkloadProjection,
        IceprodUnits,
        JobProjection,
        taskStatProjection,
        logProjection,
        fileProjection,
        accessRulesProjection,
        groupsProjection,
        ChangeTracker,
      ],
      // What a long transaction changes beyond this is written before its commit, which is one stall.
      cacheKib: 8 * 1024,
    }),
  ],
  controllers: [
    TaskController,
    SchedulingController,
    BulkController,
    EvictionController,
    TaskListController,
    JobController,
    TaskStatController,
    LogController,
    FileController,
    ExplainController,
  ],
  providers: [TaskDesk, RecentOffers, orphanCollector(taskBlobs), CommandSender, Reconciler, LogCleanup],
})
export class TasksModule {}
