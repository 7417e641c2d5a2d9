import type { Dialect } from '../dialect.js';
import type { AnyRoute } from '../route/route.js';
import { DOCUMENT_LIMITS } from '../body/body-limits.js';
import { localAccess } from './access.js';
import { ActionsController } from './actions.controller.js';
import { actionRoutes } from './actions.routes.js';
import { withoutBase } from './base-path.js';
import { servedCollections } from './collections.controller.js';
import { CompletionScripts } from './completion-scripts.js';
import { EdgesController } from './edges.controller.js';
import { edgeRoutes } from './edges.routes.js';
import { torcErrorResponse } from './error-response.js';
import { EventStreamController } from './event-stream.controller.js';
import { EventStreams } from './event-stream.js';
import { eventStreamRoutes } from './event-stream.routes.js';
import { EXAMPLES } from './examples.js';
import { JobExplanationController } from './job-explanation.controller.js';
import { jobExplanationRoutes } from './job-explanation.routes.js';
import { GraphController } from './graph.controller.js';
import { graphRoutes } from './graph.routes.js';
import { JobsController } from './jobs.controller.js';
import { jobRoutes } from './jobs.routes.js';
import { ReportController } from './report.controller.js';
import { reportRoutes } from './report.routes.js';
import { RestartController } from './restart.controller.js';
import { restartRoutes } from './restart.routes.js';
import { SCHEMAS } from './schemas.js';
import { ServerController } from './server.controller.js';
import { serverRoutes } from './server.routes.js';
import { SpecificationsController } from './specifications.controller.js';
import { specificationRoutes } from './specifications.routes.js';
import { TorcAnswers } from './torc-answers.js';
import { WorkflowAccessController } from './workflow-access.controller.js';
import { workflowAccessRoutes } from './workflow-access.routes.js';
import { WorkflowsController } from './workflows.controller.js';
import { workflowRoutes } from './workflows.routes.js';
import { TorcOperations } from './workload-operations.js';

const HEADERS = {
  server: 'Cairn',
  'content-type': 'application/json; charset=UTF-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none';",
} as const;

/** Services may restart in this time. Clients give up after 120 s (Torc contract 1.4). */
const DEADLINE_MS = 60_000;

/** Torc's API, of the generation on ArangoDB, and what Cairn adds to it under `/cairn/torc/`. */
export const torc: Dialect = {
  name: 'torc',
  paths: ['/workflow', '/ping', '/version', '/_db/', '/t/', '/cairn/torc/'],
  routes: [
    ...[serverRoutes, workflowRoutes, graphRoutes, specificationRoutes, jobRoutes].flatMap(
      (table): readonly AnyRoute[] => Object.values(table),
    ),
    ...servedCollections.flatMap(({ routes }) => routes),
    ...Object.values(edgeRoutes),
    ...Object.values(eventStreamRoutes),
    ...Object.values(restartRoutes),
    ...Object.values(actionRoutes),
    ...Object.values(workflowAccessRoutes),
    ...Object.values(jobExplanationRoutes),
    ...Object.values(reportRoutes),
  ],
  controllers: [
    ServerController,
    WorkflowsController,
    GraphController,
    SpecificationsController,
    JobsController,
    ...servedCollections.map(({ controller }) => controller),
    EdgesController,
    EventStreamController,
    RestartController,
    ActionsController,
    WorkflowAccessController,
    JobExplanationController,
    ReportController,
  ],
  providers: [TorcOperations, TorcAnswers, CompletionScripts, EventStreams],
  headers: HEADERS,
  errorResponse: torcErrorResponse,
  deadlineMs: DEADLINE_MS,
  bodyLimits: DOCUMENT_LIMITS,
  localAccess,
  onlyDeclaredMethods: true,
  rewriteUrl: withoutBase,
  past: {
    documentOf: (workflow) => `/workflows/${encodeURIComponent(workflow)}`,
    documentOfUnit: (workflow, job) => `/workflows/${encodeURIComponent(workflow)}/jobs/${encodeURIComponent(job)}`,
  },
  workloadOperations: TorcOperations,
  openApi: { schemas: SCHEMAS, errorSchema: 'TorcError', examples: EXAMPLES },
};
