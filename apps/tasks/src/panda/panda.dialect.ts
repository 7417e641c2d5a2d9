import type { TasksDialect } from '../dialect.js';
import { Adder } from './adder/adder.js';
import { PilotController } from './claim/pilot.controller.js';
import { PandaExplainController } from './explain/explain.controller.js';
import { KillController } from './kill/kill.controller.js';
import { TaskCommandController } from './command/task-command.controller.js';
import { DocumentAnswers } from './document/document-answers.js';
import { DocumentsController } from './document/documents.controller.js';
import { StatesController } from './document/states.controller.js';
import { PandaMessageHandler } from './message-handler.js';
import { pandaProjection } from './panda-projection.js';
import { pandaPolicy } from './policy.js';
import { rangeProjection } from './range/range-projection.js';
import { RangeController } from './range/range.controller.js';
import { SiteProjection } from './site/site-projection.js';
import { StageRunner } from './stage/stage-runner.js';
import { Stages } from './stage/stages.js';
import { TaskChanges } from './stage/task-changes.js';
import { PANDA } from './streams.js';
import { SubmissionController } from './submission/submission.controller.js';
import { taskKind } from './task/task-kind.js';
import { JobWatchdog } from './watchdog/job-watchdog.js';
import { WorkerEffects } from './worker-effect/worker-effects.js';
import { WorkerProjection } from './worker-effect/worker-projection.js';

/** PanDA: tasks with their datasets, files, jobs and event ranges. */
export const panda: TasksDialect = {
  name: PANDA,
  policy: pandaPolicy,
  workloads: taskKind,
  projections: [SiteProjection, pandaProjection, rangeProjection, WorkerProjection, TaskChanges],
  controllers: [
    TaskCommandController,
    RangeController,
    PilotController,
    KillController,
    DocumentsController,
    StatesController,
    SubmissionController,
    PandaExplainController,
  ],
  providers: [PandaMessageHandler, DocumentAnswers, Stages, StageRunner, Adder, JobWatchdog, WorkerEffects],
};
