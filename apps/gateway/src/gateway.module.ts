import { Module, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { MessageContext, ServiceName } from '#bus/contract.js';
import { Reached } from '#bus/visibility.js';
import { CheckToken, GetSigningKeys } from '#contracts/tokens.js';
import { BlobStore } from '#storage/blob-store.js';
import { Environment } from '#platform/environment.js';
import { CHECK_TIMEOUT_MS, Health } from '#platform/health.js';
import { Log } from '#platform/logging.js';
import { TokenVerifier } from '#platform/tokens/verifier.js';
import { BlobStoreModule } from '#event-sourcing/blob-store.module.js';
import { BulkTasksController } from './cairn/bulk-tasks.controller.js';
import { DocsController } from './cairn/docs.controller.js';
import { ExplainController } from './cairn/explain.controller.js';
import { HistoryController } from './cairn/history.controller.js';
import { ProbesController } from './cairn/probes.controller.js';
import { Admission } from './edge/admission.js';
import { BODY_BYTES_MAX } from './http.js';
import { ActionsController } from './iceprod/actions.controller.js';
import { Answers } from './iceprod/answers.js';
import { AuthsController } from './iceprod/auths.controller.js';
import { ConfigController } from './iceprod/config.controller.js';
import { CredentialsController } from './iceprod/credentials.controller.js';
import { DatasetsController } from './iceprod/datasets.controller.js';
import { GridsController } from './iceprod/grids.controller.js';
import { FilesController } from './iceprod/files.controller.js';
import { GroupsController } from './iceprod/groups.controller.js';
import { HealthController } from './iceprod/health.controller.js';
import { LogAnswers } from './iceprod/log-answers.js';
import { LogsController } from './iceprod/logs.controller.js';
import { JobsController } from './iceprod/jobs.controller.js';
import { PilotsController } from './iceprod/pilots.controller.js';
import { LoginController } from './iceprod/login.controller.js';
import { OpenIdController } from './iceprod/openid.controller.js';
import { RolesController } from './iceprod/roles.controller.js';
import { TaskActionsController } from './iceprod/task-actions.controller.js';
import { TaskBulkController } from './iceprod/task-bulk.controller.js';
import { TaskStatsController } from './iceprod/task-stats.controller.js';
import { TasksController } from './iceprod/tasks.controller.js';
import { UsersController } from './iceprod/users.controller.js';
import { Uploads } from './route/uploads.js';

/** Services that the gateway cannot do without. */
const NEEDED: readonly ServiceName[] = ['datasets', 'tasks', 'pilots', 'events', 'auth'];

/** Messages that the gateway sends on its own behalf. */
const ownContext = (correlationId: string): MessageContext => ({
  correlationId,
  deadlineMs: Date.now() + CHECK_TIMEOUT_MS,
  dialect: 'cairn',
  caller: { subject: 'gateway', username: 'gateway', roles: [], groups: [] },
});

const tokenVerifier = (bus: Bus, environment: Environment, log: Log): TokenVerifier =>
  new TokenVerifier({
    ownKeys: async () => (await bus.request(GetSigningKeys, {}, ownContext('gateway-keys'))).keys,
    sharedSecret: environment.AUTH_SHARED_SECRET,
    checkSecretToken: async (token) => (await bus.request(CheckToken, { token }, ownContext('gateway-token'))).claims,
    publicUrl: environment.PUBLIC_URL,
    issuers: environment.OIDC_ISSUERS,
    audience: environment.OIDC_AUDIENCE,
    table: environment.OIDC_CLAIMS,
    warn: (details, message) => log.warn(details, message),
  });

/** HTTP only: translates the dialects to messages and back. Holds no state. */
@Module({
  imports: [BlobStoreModule],
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
    HistoryController,
    ExplainController,
    BulkTasksController,
    ProbesController,
    DocsController,
  ],
  providers: [
    Answers,
    LogAnswers,
    { provide: Uploads, useFactory: (blobs: BlobStore) => new Uploads(blobs, BODY_BYTES_MAX), inject: [BlobStore] },
    { provide: TokenVerifier, useFactory: tokenVerifier, inject: [Bus, Environment, Log] },
    {
      provide: Admission,
      useFactory: (verifier: TokenVerifier) => new Admission(verifier),
      inject: [TokenVerifier],
    },
  ],
})
export class GatewayModule implements OnModuleInit {
  constructor(
    private readonly bus: Bus,
    private readonly health: Health,
  ) {}

  onModuleInit(): void {
    for (const service of NEEDED) {
      this.health.add(service, async () => {
        await this.bus.request(Reached(service), { position: 0 }, ownContext('gateway-health'));
      });
    }
  }
}
