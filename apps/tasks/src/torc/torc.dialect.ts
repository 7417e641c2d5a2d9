import type { TasksDialect } from '../dialect.js';
import { WorkflowAccessController } from './access/workflow-access.controller.js';
import { actionProjection } from './action/action-projection.js';
import { ActionController } from './action/action.controller.js';
import { DocumentController } from './document/document.controller.js';
import { EventController } from './document/event.controller.js';
import { EdgeController } from './edge/edge.controller.js';
import { JobExplanationController } from './explain/job-explanation.controller.js';
import { SeenOffers } from './explain/seen-offers.js';
import { AttemptController } from './graph/attempt.controller.js';
import { CompletionController } from './graph/completion.controller.js';
import { GraphController } from './graph/graph.controller.js';
import { BulkJobsController } from './job/bulk-jobs.controller.js';
import { torcJobProjection } from './job/job-projection.js';
import { JobController } from './job/job.controller.js';
import { TorcMessageHandler } from './message-handler.js';
import { torcPolicy } from './policy.js';
import { ReportController } from './report/report.controller.js';
import { SpecificationController } from './specification/specification.controller.js';
import { TORC } from './streams.js';
import { torcProjection } from './torc-projection.js';
import { workflowKind } from './workflow/workflow-kind.js';
import { WorkflowController } from './workflow/workflow.controller.js';

/** Torc: workflows with their documents, edges and jobs. */
export const torc: TasksDialect = {
  name: TORC,
  policy: torcPolicy,
  workloads: workflowKind,
  projections: [torcJobProjection, torcProjection, actionProjection],
  controllers: [
    WorkflowController,
    DocumentController,
    EventController,
    EdgeController,
    JobController,
    BulkJobsController,
    GraphController,
    AttemptController,
    CompletionController,
    SpecificationController,
    ActionController,
    WorkflowAccessController,
    JobExplanationController,
    ReportController,
  ],
  providers: [TorcMessageHandler, SeenOffers],
};
