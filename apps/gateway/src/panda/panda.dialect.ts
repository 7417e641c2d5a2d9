import { Bus } from '#bus/bus.js';
import { Environment } from '#platform/environment.js';
import type { BodyLimits } from '../body/body-limits.js';
import type { Dialect } from '../dialect.js';
import { EventRanges } from './event/event-ranges.js';
import { EventLegacyHandlers } from './event/event-legacy.handlers.js';
import { eventFunctions } from './event/event.functions.js';
import { EventHandlers } from './event/event.handlers.js';
import { eventLegacy } from './event/event.legacy.js';
import { eventServiceFunctions } from './event/event-service.functions.js';
import { EventServiceHandlers } from './event/event-service.handlers.js';
import { CredsHandlers } from './creds/creds.handlers.js';
import { credsFunctions } from './creds/creds.functions.js';
import { credsLegacy } from './creds/creds.legacy.js';
import { CredsLegacyHandlers } from './creds/creds-legacy.handlers.js';
import { PandaGrants } from './creds/grants.js';
import { CacheContent } from './file-server/cache-content.js';
import { fileServerFunctions } from './file-server/file-server.functions.js';
import { FileServerHandlers } from './file-server/file-server.handlers.js';
import { fileServerLegacy } from './file-server/file-server.legacy.js';
import { fileServerRaw } from './file-server/file-server.raw.js';
import { FileServerLegacyHandlers } from './file-server/file-server-legacy.handlers.js';
import { FileServerRawHandlers } from './file-server/file-server-raw.handlers.js';
import { harvesterFunctions } from './harvester/harvester.functions.js';
import { HarvesterHandlers } from './harvester/harvester.handlers.js';
import { harvesterLegacy } from './harvester/harvester.legacy.js';
import { HarvesterLegacyHandlers } from './harvester/harvester-legacy.handlers.js';
import { metaconfigFunctions, metaconfigLegacy } from './metaconfig/metaconfig.functions.js';
import { MetaconfigHandlers, MetaconfigLegacyHandlers } from './metaconfig/metaconfig.handlers.js';
import { QueueDocumentHandlers } from './queue/queue-documents.handlers.js';
import { queueDocumentsRaw } from './queue/queue-documents.raw.js';
import { PilotReports } from './worker/pilot-reports.js';
import { workerFunctions, workerLegacy } from './worker/worker.functions.js';
import { ReportedNodes } from './worker/reported-nodes.js';
import { WorkerHandlers, WorkerLegacyHandlers } from './worker/worker.handlers.js';
import { iddsFunctions } from './idds/idds.functions.js';
import { IddsHandlers } from './idds/idds.handlers.js';
import { iddsLegacy } from './idds/idds.legacy.js';
import { IddsLegacyHandlers } from './idds/idds-legacy.handlers.js';
import { JobCommandLegacyHandlers } from './job/job-commands-legacy.handlers.js';
import { jobCommandFunctions } from './job/job-commands.functions.js';
import { JobCommandHandlers } from './job/job-commands.handlers.js';
import { jobCommandLegacy } from './job/job-commands.legacy.js';
import { Acquisition } from './pilot/acquisition.js';
import { PilotLegacyHandlers } from './pilot/pilot-legacy.handlers.js';
import { pilotFunctions } from './pilot/pilot.functions.js';
import { PilotHandlers } from './pilot/pilot.handlers.js';
import { pilotLegacy } from './pilot/pilot.legacy.js';
import { PilotSecrets } from './pilot/pilot-secrets.js';
import { Reporting } from './pilot/reporting.js';
import { explainFunctions } from './explain/explain.functions.js';
import { ExplainHandlers } from './explain/explain.handlers.js';
import { jobReadFunctions } from './job/job-reads.functions.js';
import { JobReadHandlers } from './job/job-reads.handlers.js';
import { jobSubmissionFunctions } from './job/job-submission.functions.js';
import { JobSubmissionHandlers } from './job/job-submission.handlers.js';
import { jobStatusLegacy } from './job/job-status.legacy.js';
import { JobStatusLegacyHandlers } from './job/job-status-legacy.handlers.js';
import { getStatusLegacy, jobStatusFunctions } from './pilot/job-status.functions.js';
import { GetStatusLegacyHandlers, JobStatusHandlers } from './pilot/job-status.handlers.js';
import { administrationFunctions } from './administration/administration.functions.js';
import { AdministrationHandlers } from './administration/administration.handlers.js';
import { operatorFunctions } from './operators/operator.functions.js';
import { OperatorHandlers } from './operators/operator.handlers.js';
import { PandaAuthentication } from './principal/panda-authentication.js';
import { VoDirectory } from './principal/vo-directory.js';
import { JSON_BYTES_MAX } from './protocol/decoding.js';
import { pandaErrorResponse } from './protocol/error-response.js';
import { PandaProtocol } from './protocol/panda-protocol.js';
import { withoutAlias } from './protocol/paths.js';
import { routesOf } from './protocol/routes.js';
import { functionsOf, type Module, rawRoutesOf, servedBy } from './protocol/served.js';
import { AuthConfigHandlers } from './system/auth-config.handlers.js';
import { authConfigRaw } from './system/auth-config.raw.js';
import { ServiceDocuments } from './protocol/service-documents.js';
import { statisticsFunctions } from './statistics/statistics.functions.js';
import { StatisticsHandlers } from './statistics/statistics.handlers.js';
import { statisticsLegacy } from './statistics/statistics.legacy.js';
import { StatisticsLegacyHandlers } from './statistics/statistics-legacy.handlers.js';
import { systemFunctions } from './system/system.functions.js';
import { SystemHandlers } from './system/system.handlers.js';
import { systemLegacy } from './system/system.legacy.js';
import { SystemLegacyHandlers } from './system/system-legacy.handlers.js';
import { taskFunctions } from './task/task.functions.js';
import { TaskHandlers } from './task/task.handlers.js';
import { workflowFunctions } from './workflow/workflow.functions.js';
import { WorkflowHandlers } from './workflow/workflow.handlers.js';
import { taskReadFunctions } from './task/task-reads.functions.js';
import { TaskReadHandlers } from './task/task-reads.handlers.js';
import { PandaOperations } from './workload-operations.js';

/** All tables with the classes that serve them, in the order of the documentation. A module adds its lines here. */
const MODULES: readonly Module[] = [
  functionsOf(credsFunctions, CredsHandlers),
  functionsOf(fileServerFunctions, FileServerHandlers),
  functionsOf(iddsFunctions, IddsHandlers),
  functionsOf(systemFunctions, SystemHandlers),
  functionsOf(workflowFunctions, WorkflowHandlers),
  functionsOf(credsLegacy, CredsLegacyHandlers),
  functionsOf(fileServerLegacy, FileServerLegacyHandlers),
  functionsOf(iddsLegacy, IddsLegacyHandlers),
  functionsOf(systemLegacy, SystemLegacyHandlers),
  functionsOf(eventFunctions, EventHandlers),
  functionsOf(eventLegacy, EventLegacyHandlers),
  functionsOf(pilotFunctions, PilotHandlers),
  functionsOf(pilotLegacy, PilotLegacyHandlers),
  functionsOf(jobCommandFunctions, JobCommandHandlers),
  functionsOf(jobCommandLegacy, JobCommandLegacyHandlers),
  functionsOf(eventServiceFunctions, EventServiceHandlers),
  functionsOf(workerFunctions, WorkerHandlers),
  functionsOf(workerLegacy, WorkerLegacyHandlers),
  functionsOf(harvesterFunctions, HarvesterHandlers),
  functionsOf(harvesterLegacy, HarvesterLegacyHandlers),
  functionsOf(metaconfigFunctions, MetaconfigHandlers),
  functionsOf(metaconfigLegacy, MetaconfigLegacyHandlers),
  rawRoutesOf(queueDocumentsRaw, QueueDocumentHandlers),
  rawRoutesOf(authConfigRaw, AuthConfigHandlers),
  functionsOf(taskFunctions, TaskHandlers),
  rawRoutesOf(fileServerRaw, FileServerRawHandlers),
  functionsOf(taskReadFunctions, TaskReadHandlers),
  functionsOf(explainFunctions, ExplainHandlers),
  functionsOf(jobReadFunctions, JobReadHandlers),
  functionsOf(jobSubmissionFunctions, JobSubmissionHandlers),
  functionsOf(jobStatusLegacy, JobStatusLegacyHandlers),
  functionsOf(jobStatusFunctions, JobStatusHandlers),
  functionsOf(getStatusLegacy, GetStatusLegacyHandlers),
  functionsOf(statisticsFunctions, StatisticsHandlers),
  functionsOf(statisticsLegacy, StatisticsLegacyHandlers),
  functionsOf(administrationFunctions, AdministrationHandlers),
  functionsOf(operatorFunctions, OperatorHandlers),
];

const HANDLERS = MODULES.map(({ handlers }) => handlers);

/** Services may restart in this time. Clients wait for ten minutes (PanDA contract 11.1). */
const DEADLINE_MS = 60_000;

/** Of bodies that are decoded before the protocol reads them; it has limits of its own for what they hold. */
const BODY_LIMITS: BodyLimits = {
  isRaw: true,
  bytesMax: JSON_BYTES_MAX,
  valuesMax: 100_000,
  namesMax: 50_000,
  levelsMax: 100,
};

const protocolOf = (
  environment: Environment,
  bus: Bus,
  authenticator: PandaAuthentication,
  ...instances: readonly object[]
): PandaProtocol =>
  new PandaProtocol(
    MODULES.flatMap((module, index) => servedBy(module, instances[index] ?? {})),
    {
      bus,
      authenticator,
      deadlineMs: DEADLINE_MS,
      isRelaxed: environment.PANDA_RELAXED_READS === 'on',
      publicUrl: environment.PUBLIC_URL,
    },
  );

/** PanDA's API: the new one under `/api/v1/`, the legacy one under `/server/panda/`, and the files that clients read. */
export const panda: Dialect = {
  name: 'panda',
  paths: ['/api/', '/server/panda/', '/cairn/panda/', '/cache/', '/trf/', '/file_server/', '/auth/*_auth_config.json'],
  routes: MODULES.flatMap(routesOf),
  controllers: [],
  providers: [
    ...HANDLERS,
    VoDirectory,
    CacheContent,
    PandaGrants,
    PandaAuthentication,
    EventRanges,
    Acquisition,
    PilotSecrets,
    PilotReports,
    ReportedNodes,
    Reporting,
    ServiceDocuments,
    PandaOperations,
    { provide: PandaProtocol, useFactory: protocolOf, inject: [Environment, Bus, PandaAuthentication, ...HANDLERS] },
  ],
  headers: { server: 'Cairn', 'content-type': 'application/json', 'cache-control': 'no-store' },
  errorResponse: pandaErrorResponse,
  protocol: PandaProtocol,
  deadlineMs: DEADLINE_MS,
  bodyLimits: BODY_LIMITS,
  rewriteUrl: withoutAlias,
  past: {
    documentOf: (task) => `/api/v1/task/get_detailed_info?task_id=${encodeURIComponent(task)}`,
    documentOfUnit: (_task, job) => `/api/v1/job/get_description?job_ids=${encodeURIComponent(job)}`,
    // As a proxy tells of the holder of a certificate: tokens would have to be of a VO.
    headersOf: ({ username }) => ({ 'x-ssl-client-verify': 'SUCCESS', 'x-ssl-client-s-dn': `/CN=${username}` }),
    copies: [VoDirectory],
  },
  workloadOperations: PandaOperations,
  openApi: {
    schemas: { PandaError: { type: 'string' } },
    errorSchema: 'PandaError',
    errors: {
      403: 'ERROR : Token authentication failed. The token has expired',
      500: 'ERROR : received invalid JSON : not an object',
      503: 'a service does not answer in time',
    },
    examples: { values: {}, requests: {}, responses: {} },
  },
};
