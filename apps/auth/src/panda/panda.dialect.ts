import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import { GrantController } from './grant/grant.controller.js';
import { Grants } from './grant/grants.js';
import { readGrants } from './grant/grants-document.js';
import { SecretsController } from './secret/secrets.controller.js';
import { secretsProjection } from './secret/secrets-projection.js';
import { SecretsStore } from './secret/secrets-store.js';

/** Secrets of PanDA's users, and keys, proxies and tokens that the operator lets some of them have. */
export const panda: ServiceDialect = {
  name: 'panda',
  projections: [secretsProjection],
  controllers: [SecretsController, GrantController],
  providers: [
    SecretsStore,
    {
      provide: Grants,
      inject: [Environment, Log],
      useFactory: ({ PANDA_GRANTS }: Environment, log: Log) => new Grants(readGrants(PANDA_GRANTS), log),
    },
  ],
};
