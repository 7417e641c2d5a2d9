import { orphanCollector } from '#event-sourcing/orphan-collector.js';
import type { TasksDialect } from '../dialect.js';
import { ChangeTracker } from './automation/change-tracker.js';
import { CommandSender } from './automation/command-sender.js';
import { LogCleanup } from './automation/log-cleanup.js';
import { Reconciler } from './automation/reconciler.js';
import { taskBlobs } from './blob/task-blobs.js';
import { datasetKind } from './dataset/dataset-kind.js';
import { datasetProjection } from './dataset/dataset-projection.js';
import { RecentOffers } from './explain/recent-offers.js';
import { TaskExplanations } from './explain/task-explanations.js';
import { FileController } from './file/file.controller.js';
import { fileProjection } from './file/file-projection.js';
import { JobProjection } from './job/job-projection.js';
import { JobController } from './job/job.controller.js';
import { LogController } from './log/log.controller.js';
import { logProjection } from './log/log-projection.js';
import { iceprodPolicy } from './policy.js';
import { ICEPROD } from './streams.js';
import { taskStatProjection } from './task-stat/task-stat-projection.js';
import { TaskStatController } from './task-stat/task-stat.controller.js';
import { BulkController } from './task/bulk.controller.js';
import { EvictionController } from './task/eviction.controller.js';
import { SchedulingController } from './task/scheduling.controller.js';
import { MessageHandler } from './message-handler.js';
import { TaskListController } from './task/task-list.controller.js';
import { TaskController } from './task/task.controller.js';

/** IceProd: tasks, jobs, task stats, logs and files of datasets, and the automation that replaces its crons. */
export const iceprod: TasksDialect = {
  name: ICEPROD,
  policy: iceprodPolicy,
  workloads: datasetKind,
  projections: [datasetProjection, JobProjection, taskStatProjection, logProjection, fileProjection, ChangeTracker],
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
  ],
  providers: [
    MessageHandler,
    RecentOffers,
    TaskExplanations,
    orphanCollector(taskBlobs),
    CommandSender,
    Reconciler,
    LogCleanup,
  ],
};
