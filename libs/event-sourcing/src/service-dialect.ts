import type { DatabaseSync } from 'node:sqlite';
import type { Provider, Type } from '@nestjs/common';
import type { Dialect } from '#ledger/ref.js';
import type { BlobKind } from './orphan-collector.js';
import type { Projection } from './projection.js';

/**
 * What one dialect has in a service, as its folder declares it: all that the service's shared code knows of the dialect.
 * `docs/adding-a-dialect.md` shows how to add one.
 */
export interface ServiceDialect {
  readonly name: Dialect;
  readonly projections: readonly (Projection | Type<Projection>)[];
  readonly controllers: readonly Type[];
  readonly providers: readonly Provider[];
  /** Kinds of its blobs that the service looks after, where several dialects have some. */
  readonly blobs?: (queries: DatabaseSync) => readonly BlobKind[];
}
