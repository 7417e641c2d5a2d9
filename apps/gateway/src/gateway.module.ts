import { Module, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { ServiceName } from '#bus/contract.js';
import { WaitForPosition } from '#bus/visibility.js';
import { CheckToken, GetSigningKeys } from '#contracts/tokens.js';
import { BlobStore } from '#storage/blob-store.js';
import { Environment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { Log } from '#platform/logging.js';
import { externalSources } from '#platform/tokens/issuer-settings.js';
import { TokenVerifier } from '#platform/tokens/verifier.js';
import { BlobStoreModule } from '#event-sourcing/blob-store.module.js';
import { DIALECTS } from './dialects.js';
import { Authentication } from './edge/authentication.js';
import { DialectTable } from './edge/dialect-table.js';
import { ownContext } from './edge/own-context.js';
import { RevocationFeed } from './edge/revocation-feed.js';
import { FeedFollowers } from './feed/feed-followers.js';
import { FeedTail } from './feed/feed-tail.js';
import { StreamConnections } from './feed/stream-connections.js';
import { Uploads } from './route/uploads.js';

/** Services that the gateway cannot do without. */
const NEEDED: readonly ServiceName[] = ['datasets', 'tasks', 'pilots', 'events', 'auth'];

/** A client waits for what its token needs: a busy service is given more time than a check of its health. */
const TOKEN_DEADLINE_MS = 5_000;

const tokenVerifier = (bus: Bus, environment: Environment, log: Log, revocations: RevocationFeed): TokenVerifier =>
  new TokenVerifier({
    ownKeys: async () => (await bus.request(GetSigningKeys, {}, ownContext('gateway-keys', TOKEN_DEADLINE_MS))).keys,
    sharedSecret: environment.AUTH_SHARED_SECRET,
    checkSecretToken: async (token) =>
      (await bus.request(CheckToken, { token }, ownContext('gateway-token', TOKEN_DEADLINE_MS))).claims,
    publicUrl: environment.PUBLIC_URL,
    issuers: externalSources(environment),
    keyLife: {
      refreshMs: environment.OIDC_KEYS_REFRESH_SECONDS * 1000,
      trustedMs: environment.OIDC_KEYS_TRUSTED_SECONDS * 1000,
    },
    audience: environment.OIDC_AUDIENCE,
    revocations,
    warn: (details, message) => log.warn(details, message),
  });

/** HTTP only: translates requests of all dialects to messages, and replies to responses. Holds no state. */
@Module({
  imports: [BlobStoreModule],
  controllers: DIALECTS.dialects.flatMap(({ controllers }) => controllers),
  providers: [
    ...DIALECTS.dialects.flatMap(({ providers }) => providers),
    { provide: DialectTable, useValue: DIALECTS },
    { provide: Uploads, useFactory: (blobs: BlobStore) => new Uploads(blobs), inject: [BlobStore] },
    RevocationFeed,
    StreamConnections,
    FeedTail,
    FeedFollowers,
    { provide: TokenVerifier, useFactory: tokenVerifier, inject: [Bus, Environment, Log, RevocationFeed] },
    {
      provide: Authentication,
      useFactory: (verifier: TokenVerifier) => new Authentication(verifier),
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
        await this.bus.request(WaitForPosition(service), { position: 0 }, ownContext('gateway-health'));
      });
    }
  }
}
