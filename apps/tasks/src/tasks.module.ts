import { Module } from '@nestjs/common';
import { accessRulesProjection } from '#projection/access-rules.js';
import { BlobStoreModule } from '#projection/blob-store.module.js';
import { groupsProjection } from '#projection/groups.js';
import { orphanCollector } from '#projection/orphan-collector.js';
import { ServiceStoreModule } from '#projection/service-store.module.js';
import { LogCleanup } from './automation/log-cleanup.js';
import { Orders } from './automation/orders.js';
import { AutomationSignals } from './automation/signals.js';
import { Steward } from './automation/steward.js';
import { taskBlobs } from './blob/task-blobs.js';
import { ExplainController } from './explain/explain.controller.js';
import { RecentOffers } from './explain/recent-offers.js';
import { FileController } from './file/file.controller.js';
import { fileProjection } from './file/file-projection.js';
import { IceprodUnits } from './iceprod/iceprod-units.js';
import { JobProjection } from './job/job-projection.js';
import { JobController } from './job/job.controller.js';
import { LogController } from './log/log.controller.js';
import { logProjection } from './log/log-projection.js';
import { taskStatProjection } from './task-stat/task-stat-projection.js';
import { TaskStatController } from './task-stat/task-stat.controller.js';
import { BulkController } from './task/bulk.controller.js';
import { EvictionController } from './task/eviction.controller.js';
import { SchedulingController } from './task/scheduling.controller.js';
import { TaskDesk } from './task/task-desk.js';
import { TaskListController } from './task/task-list.controller.js';
import { TaskController } from './task/task.controller.js';
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
        AutomationSignals,
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
  providers: [TaskDesk, RecentOffers, orphanCollector(taskBlobs), Orders, Steward, LogCleanup],
})
export class TasksModule {}
