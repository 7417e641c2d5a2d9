import type { DatabaseSync } from 'node:sqlite';
import type { FactoryProvider, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Log } from '#platform/logging.js';
import { BlobStore } from '#storage/blob-store.js';
import { ReadModel } from './read-model.js';

/** A start is busy enough. */
const FIRST_MS = 5_000;

const EVERY_MS = 60 * 60 * 1000;

/** Far longer than it can take from beginning to store a blob to recording what it belongs to. */
const AGE_MS = 24 * 60 * 60 * 1000;

/** Blobs of one kind. No key may serve twice: what is about to be stored again could be taken for an orphan. */
export interface BlobKind {
  /** Their keys begin so. */
  readonly prefix: string;
  /** Whether anything on record is such a blob. */
  readonly holds: (key: string) => boolean;
}

/** What of the blob store a service looks after. */
export interface BlobCustody {
  readonly kinds: readonly BlobKind[];
  /** Also what puts never finished, whosever it was: for one service of all. */
  readonly dropsUnfinished: boolean;
}

/**
 * Deletes blobs that belong to nothing: those of commands that were refused, repeated or never recorded, those that a crash
 * kept from being deleted, and those that a crash kept from being finished.
 */
export class OrphanCollector implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly readModel: ReadModel,
    private readonly blobs: BlobStore,
    private readonly log: Log,
    private readonly custody: BlobCustody,
  ) {}

  onApplicationBootstrap(): void {
    this.collectIn(FIRST_MS);
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** @returns how many blobs are gone, finished and unfinished ones */
  async collect(nowMs: number): Promise<number> {
    const bornBeforeMs = nowMs - AGE_MS;
    const { kinds, dropsUnfinished } = this.custody;
    let collected = dropsUnfinished ? await this.blobs.dropUnfinished(bornBeforeMs) : 0;
    for await (const { key, storedMs } of this.blobs.list(...kinds.map(({ prefix }) => prefix))) {
      // Tables that are being made again do not hold everything yet.
      if (this.stopped || this.readModel.behind) return collected;
      const kind = kinds.find(({ prefix }) => key.startsWith(prefix));
      if (storedMs >= bornBeforeMs || kind === undefined || kind.holds(key)) continue;
      await this.blobs.delete(key);
      collected += 1;
    }
    if (collected > 0) this.log.info({ collected }, 'deleted blobs that belong to nothing');
    return collected;
  }

  private collectIn(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.round(), delayMs).unref();
  }

  private async round(): Promise<void> {
    try {
      await this.collect(Date.now());
    } catch (error) {
      // What a shutdown breaks off is no news.
      if (!this.stopped) this.log.error({ error }, 'blobs that belong to nothing could not be collected');
    }
    this.collectIn(EVERY_MS);
  }
}

/** A service's {@link OrphanCollector}. */
export const orphanCollector = (
  custodyOf: (queries: DatabaseSync) => BlobCustody,
): FactoryProvider<OrphanCollector> => ({
  provide: OrphanCollector,
  inject: [ReadModel, BlobStore, Log],
  useFactory: (readModel: ReadModel, blobs: BlobStore, log: Log) =>
    new OrphanCollector(readModel, blobs, log, custodyOf(readModel.queries)),
});
