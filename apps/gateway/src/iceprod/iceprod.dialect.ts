import { DEFAULT_BODY_LIMITS } from '../body/body-limits.js';
import type { Dialect } from '../dialect.js';
import type { AnyRoute } from '../route/route.js';
import { ActionsController } from './actions.controller.js';
import { actionRoutes } from './actions.routes.js';
import { Answers } from './answers.js';
import { AuthsController } from './auths.controller.js';
import { authRoutes } from './auths.routes.js';
import { BulkCreationController } from './bulk-creation.controller.js';
import { bulkCreationRoutes } from './bulk-creation.routes.js';
import { ConfigController } from './config.controller.js';
import { configRoutes } from './config.routes.js';
import { CredentialsController } from './credentials.controller.js';
import {
  createCredentialRoutes,
  datasetCredentialRoutes,
  groupCredentialRoutes,
  taskCredentialRoutes,
  userCredentialRoutes,
} from './credentials.routes.js';
import { datasetAccess } from './dataset-access.js';
import { DatasetsController } from './datasets.controller.js';
import { datasetRoutes } from './datasets.routes.js';
import { DOCUMENTS } from './documents.js';
import { iceprodErrorResponse } from './error-response.js';
import { EXAMPLES } from './examples.js';
import { FilesController } from './files.controller.js';
import { fileRoutes } from './files.routes.js';
import { GridsController } from './grids.controller.js';
import { gridRoutes } from './grids.routes.js';
import { withGroupAsSegment } from './group-urls.js';
import { GroupsController } from './groups.controller.js';
import { groupRoutes } from './groups.routes.js';
import { HealthController } from './health.controller.js';
import { healthRoutes } from './health.routes.js';
import { JobsController } from './jobs.controller.js';
import { jobRoutes } from './jobs.routes.js';
import { LogAnswers } from './log-answers.js';
import { LoginController } from './login.controller.js';
import { loginRoutes } from './login.routes.js';
import { LogsController } from './logs.controller.js';
import { logRoutes } from './logs.routes.js';
import { OpenIdController } from './openid.controller.js';
import { openIdRoutes } from './openid.routes.js';
import { PilotsController } from './pilots.controller.js';
import { pilotRoutes } from './pilots.routes.js';
import { RolesController } from './roles.controller.js';
import { roleRoutes } from './roles.routes.js';
import { TaskActionsController } from './task-actions.controller.js';
import { taskActionRoutes } from './task-actions.routes.js';
import { TaskBulkController } from './task-bulk.controller.js';
import { taskBulkRoutes } from './task-bulk.routes.js';
import { TaskStatsController } from './task-stats.controller.js';
import { taskStatRoutes } from './task-stats.routes.js';
import { TasksController } from './tasks.controller.js';
import { taskRoutes } from './tasks.routes.js';
import { UsersController } from './users.controller.js';
import { userRoutes } from './users.routes.js';
import { IceprodOperations } from './workload-operations.js';

/** What IceProd's servers send as well (IceProd contract 1.2.7). */
const HEADERS = {
  server: 'IceProd/3.2 Cairn',
  'content-type': 'application/json; charset=UTF-8',
  'cache-control': 'no-store, no-cache, must-revalidate, max-age=0',
  pragma: 'no-cache',
  expires: '0',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none';",
} as const;

const DEADLINE_MS = 5_000;

/** IceProd's REST API, and what Cairn adds to it under `/cairn/iceprod/`. */
export const iceprod: Dialect = {
  name: 'iceprod',
  routes: [
    datasetRoutes,
    configRoutes,
    jobRoutes,
    taskRoutes,
    taskActionRoutes,
    taskBulkRoutes,
    taskStatRoutes,
    logRoutes,
    fileRoutes,
    gridRoutes,
    pilotRoutes,
    actionRoutes,
    authRoutes,
    userRoutes,
    groupRoutes,
    roleRoutes,
    loginRoutes,
    userCredentialRoutes,
    groupCredentialRoutes,
    datasetCredentialRoutes,
    taskCredentialRoutes,
    createCredentialRoutes,
    openIdRoutes,
    healthRoutes,
    bulkCreationRoutes,
  ].flatMap((table): readonly AnyRoute[] => Object.values(table)),
  controllers: [
    DatasetsController,
    ConfigController,
    JobsController,
    TasksController,
    TaskActionsController,
    TaskBulkController,
    TaskStatsController,
    LogsController,
    FilesController,
    GridsController,
    PilotsController,
    ActionsController,
    AuthsController,
    UsersController,
    GroupsController,
    RolesController,
    LoginController,
    CredentialsController,
    OpenIdController,
    HealthController,
    BulkCreationController,
  ],
  providers: [IceprodOperations, Answers, LogAnswers],
  headers: HEADERS,
  errorResponse: iceprodErrorResponse,
  deadlineMs: DEADLINE_MS,
  bodyLimits: DEFAULT_BODY_LIMITS,
  // IceProd contract 1.1.3
  takesParametersFromBody: true,
  workloadAccess: datasetAccess,
  rewriteUrl: withGroupAsSegment,
  past: {
    documentOf: (dataset) => `/datasets/${encodeURIComponent(dataset)}`,
    documentOfUnit: (dataset, task) => `/datasets/${encodeURIComponent(dataset)}/tasks/${encodeURIComponent(task)}`,
  },
  workloadOperations: IceprodOperations,
  openApi: { schemas: DOCUMENTS, errorSchema: 'Error', examples: EXAMPLES },
};
