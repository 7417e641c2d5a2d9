import { bulkTaskRoutes } from './cairn/bulk-tasks.routes.js';
import { docsRoutes } from './cairn/docs.routes.js';
import { explainRoutes } from './cairn/explain.routes.js';
import { historyRoutes } from './cairn/history.routes.js';
import { probeRoutes } from './cairn/probes.routes.js';
import { actionRoutes } from './iceprod/actions.routes.js';
import { authRoutes } from './iceprod/auths.routes.js';
import { configRoutes } from './iceprod/config.routes.js';
import {
  createCredentialRoutes,
  datasetCredentialRoutes,
  groupCredentialRoutes,
  taskCredentialRoutes,
  userCredentialRoutes,
} from './iceprod/credentials.routes.js';
import { datasetRoutes } from './iceprod/datasets.routes.js';
import { gridRoutes } from './iceprod/grids.routes.js';
import { fileRoutes } from './iceprod/files.routes.js';
import { groupRoutes } from './iceprod/groups.routes.js';
import { healthRoutes } from './iceprod/health.routes.js';
import { logRoutes } from './iceprod/logs.routes.js';
import { openIdRoutes } from './iceprod/openid.routes.js';
import { jobRoutes } from './iceprod/jobs.routes.js';
import { pilotRoutes } from './iceprod/pilots.routes.js';
import { loginRoutes } from './iceprod/login.routes.js';
import { roleRoutes } from './iceprod/roles.routes.js';
import { taskActionRoutes } from './iceprod/task-actions.routes.js';
import { taskBulkRoutes } from './iceprod/task-bulk.routes.js';
import { taskStatRoutes } from './iceprod/task-stats.routes.js';
import { taskRoutes } from './iceprod/tasks.routes.js';
import { userRoutes } from './iceprod/users.routes.js';
import type { AnyRoute } from './route/route.js';

/** All routes that the gateway serves, in the order of the documentation. */
export const ROUTES: readonly AnyRoute[] = [
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
  historyRoutes,
  explainRoutes,
  bulkTaskRoutes,
  probeRoutes,
  docsRoutes,
].flatMap((table): readonly AnyRoute[] => Object.values(table));
