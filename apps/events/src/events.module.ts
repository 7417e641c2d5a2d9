import { Module } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { SecretKeys } from '#platform/secret-keys.js';
import { Ledger } from '#ledger/ledger.js';
import { accessRulesProjection } from '#event-sourcing/access-rules.js';
import { readModelFile } from '#event-sourcing/read-model-file.js';
import { ServiceStoreModule } from '#event-sourcing/service-store.module.js';
import type { ServiceStore } from '#event-sourcing/service-store.js';
import { EventAccess } from './access/event-access.js';
import { AuditController } from './audit/audit.controller.js';
import { EventList } from './audit/event-list.js';
import { DIALECTS } from './dialects.js';
import { FeedController } from './feed/feed.controller.js';
import { FeedEntries } from './feed/feed-entries.js';
import { FeedSearch } from './feed/feed-search.js';
import { FeedTail } from './feed/feed-tail.js';
import { relayProvider } from './feed/relay.provider.js';
import { HistoryIndex } from './index/history-index.js';
import { CheckpointMaker } from './past/checkpoint-maker.js';
import { PastController } from './past/past.controller.js';
import { PastViews } from './past/past-views.js';
import { checkpointsProjection } from './proof/checkpoints-projection.js';
import { ProofController } from './proof/proof.controller.js';
import { proofProviders } from './proof/proof.providers.js';
import { TimelineController } from './timeline/timeline.controller.js';
import { Timelines } from './timeline/timelines.js';
import { webhookProjection } from './webhook/webhook-projection.js';
import { webhookProviders } from './webhook/webhook-providers.js';
import { WebhooksController } from './webhook/webhooks.controller.js';

/** Small, because most of the index is written once and seldom read. */
const CACHE_KIB = 8 * 1024;

/** What the service keeps. */
export const eventsStore: ServiceStore = {
  service: 'events',
  projections: [
    accessRulesProjection,
    checkpointsProjection,
    webhookProjection,
    ...DIALECTS.flatMap(({ projections }) => projections),
  ],
  cacheKib: CACHE_KIB,
};

/** The history: what happened, when, who did it and why. */
@Module({
  imports: [ServiceStoreModule.register(eventsStore)],
  controllers: [
    TimelineController,
    AuditController,
    FeedController,
    ProofController,
    PastController,
    WebhooksController,
    ...DIALECTS.flatMap(({ controllers }) => controllers),
  ],
  providers: [
    Timelines,
    EventList,
    EventAccess,
    {
      provide: HistoryIndex,
      inject: [Environment, Ledger, Log],
      useFactory: ({ CAIRN_DATA_DIR: folder }: Environment, ledger: Ledger, log: Log) =>
        HistoryIndex.open({ file: readModelFile(folder, 'history'), ledger, log }),
    },
    PastViews,
    CheckpointMaker,
    FeedEntries,
    FeedTail,
    FeedSearch,
    relayProvider,
    ...proofProviders,
    {
      provide: SecretKeys,
      inject: [Environment],
      useFactory: (environment: Environment) => SecretKeys.of(environment),
    },
    ...webhookProviders,
    ...DIALECTS.flatMap(({ providers }) => providers),
  ],
})
export class EventsModule {}
