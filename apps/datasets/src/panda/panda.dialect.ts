import type { ServiceDialect } from '#event-sourcing/service-dialect.js';
import { CacheController } from './cache/cache.controller.js';
import { CacheExpiry } from './cache/cache-expiry.js';
import { cacheBlobs, cacheProjection } from './cache/cache-projection.js';
import { OperatorRequestController } from './request/request.controller.js';
import { operatorRequestProjection, requestBlobs } from './request/request-projection.js';

/** PanDA's cache files, and requests that operators look after. */
export const panda: ServiceDialect = {
  name: 'panda',
  projections: [cacheProjection, operatorRequestProjection],
  controllers: [CacheController, OperatorRequestController],
  providers: [CacheExpiry],
  blobs: (queries) => [cacheBlobs(queries), requestBlobs(queries)],
};
